//! The service: what every handler and every loop holds.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    decide::{Engine, Given},
    hints::Hints,
    http::Http,
    lanes::Lanes,
    phones::Phones,
    recorder::Lag,
    shelf::{InService, Shelf},
    stop::Stop,
    turn,
};
use crate::{
    base::{
        Address,
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
        limit,
    },
    channel::{Channel, Delivery, Receipt},
    config::Settings,
    engine::{
        Event, EventKind, Refusal,
        event::Undeliverable,
        world::{Agency, Desk},
    },
    flow::Revision,
    records::Records,
    store::{Receipted, Store, StoreError},
};

/// Turns that may run or wait at once: beyond it callers are asked to come again. A turn takes about a ms.
const TURNS: usize = 2_048;

/// Everything that outlives one request. Cheap to clone; all clones are the same service.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    engine: Engine,
    agency: Agency,
    desk: Desk,
    stop_confirmed_by_provider: Vec<String>,
    store: Store,
    records: Records,
    clock: Clock,
    http: Http,
    node: String,
    shelf: InService,
    /// Revisions that this process has put into the store: no need to do so again.
    kept_pins: Mutex<HashSet<RevisionId>>,
    lanes: Lanes,
    turns: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    hints: Hints,
    lag: Lag,
    stop: Stop,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation that exists: desk acts, wakes, receipts. None there: [`TurnError::Unknown`].
    Conversation(ConversationId),
    /// Whoever is reached there; a conversation is begun where there is none.
    Address {
        /// Where.
        address: Address,
        /// The channel that a new conversation is held by.
        channel: String,
    },
}

/// What came of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Turned {
    /// It is kept.
    Done,
    /// The event had been seen: nothing changed.
    Repeated,
    /// It is not allowed as things stand: nothing changed. The caller is told why.
    Refused(Refusal),
}

/// Why there was no turn.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// There is no such conversation.
    #[error("there is no conversation {0}")]
    Unknown(ConversationId),
    /// The store failed: nothing was kept, the same event may come again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others were faster each time: nothing was kept, the same event may come again.
    #[error("the conversation {0} changed each time before it could be kept")]
    Busy(ConversationId),
    /// Too many turns wait: nothing was kept, the same event may come again.
    #[error("too many turns wait")]
    Overloaded,
    /// A bug that even calling a human did not survive. Nothing was kept.
    #[error("an event could not be handled: {0}")]
    Bug(String),
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The configuration.
    pub settings: Settings,
    /// The live state.
    pub store: Store,
    /// The record.
    pub records: Records,
    /// The flows and texts.
    pub shelf: Shelf,
    /// Time and randomness.
    pub clock: Clock,
    /// The HTTP client.
    pub http: Http,
    /// What hears events.
    pub engine: Engine,
}

impl Service {
    /// A service of its parts.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, store, records, shelf, clock, http, engine } = parts;
        let agency = settings.agency.agency();
        let by_medium = |address: &Address| settings.channels.iter().find(|channel| channel.medium() == address.medium);
        let on_call = settings.desk.on_call.iter().filter_map(|address| Some((address.clone(), by_medium(address)?.name().to_owned())));
        let desk = Desk { hours: settings.desk.hours.clone(), on_call: on_call.collect() };
        let stop_confirmed_by_provider =
            settings.channels.iter().filter(|channel| confirms_stop(channel)).map(|channel| channel.name().to_owned()).collect();
        let node = format!("{}/{}", place(&settings), clock.new_id("node"));
        Self(Arc::new(Inner {
            engine,
            agency,
            desk,
            stop_confirmed_by_provider,
            store,
            records,
            http,
            node,
            shelf: InService::new(shelf),
            kept_pins: Mutex::default(),
            lanes: Lanes::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
            streams: Arc::new(Semaphore::new(limit::STREAMS)),
            hints: Hints::new(),
            lag: Lag::default(),
            stop: Stop::new(),
            clock,
            settings,
        }))
    }

    /// The configuration.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The agency's time zone: what pages show times in, and days of requests mean.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.0.settings.agency.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// Who we are.
    pub fn agency(&self) -> &Agency {
        &self.0.agency
    }

    /// When humans are there.
    pub fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// The live state.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The record.
    pub fn records(&self) -> &Records {
        &self.0.records
    }

    /// Time and randomness.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Hints between the loops; `hints().feed()` changes whenever the record moved.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// A place for a stream of events; `None` where there are as many as may be. It is free again when it is dropped.
    pub fn stream(&self) -> Option<OwnedSemaphorePermit> {
        self.0.streams.clone().try_acquire_owned().ok()
    }

    /// The wish to stop: open streams end by it.
    pub fn stop(&self) -> &Stop {
        &self.0.stop
    }

    /// The flows and texts in service now.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.0.shelf.now()
    }

    /// Puts other flows in service; running sessions stay with theirs.
    pub fn put_in_service(&self, shelf: Shelf) {
        self.0.shelf.swap(shelf);
    }

    /// A channel by its name.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.0.settings.channel(name)
    }

    /// The phones in the browser.
    pub fn phones(&self) -> Phones {
        Phones
    }

    /// For how long, in ms, the record has been behind the journal.
    pub fn behind_ms(&self) -> u64 {
        self.0.lag.behind_ms(self.0.clock.now())
    }

    /// Runs one event through the engine and keeps what came of it: once this says `Done` it is durable. The same event again is `Repeated`.
    ///
    /// # Errors
    /// See [`TurnError`]: after each of them nothing was kept.
    pub async fn turn(&self, target: Target, event: Event) -> Result<Turned, TurnError> {
        turn::spawned(self, target, event).await
    }

    /// The same within the caller's task, and ended with it: wherever that is, the turn is kept as a whole or not at all, and the caller
    /// does not know which. For who would only be asked again, as webhooks are.
    ///
    /// # Errors
    /// As [`Service::turn`].
    pub async fn turn_within(&self, target: Target, event: Event) -> Result<Turned, TurnError> {
        turn::run(self, target, event).await
    }

    /// Keeps a provider's word on a delivery; where it says that a message will not arrive, the conversation is told.
    ///
    /// # Errors
    /// As [`Service::turn`]: the provider should tell again.
    pub async fn receipt(&self, receipt: &Receipt) -> Result<Receipted, TurnError> {
        let receipted = self.store().receipt(receipt).await?;
        // Told again where it is known already: a process may have died before the turn. The turn itself knows its own repeat.
        let counts = matches!(receipted, Receipted::Forward | Receipted::Known);
        if let (true, Delivery::Failed(reason), Some(outbox)) = (counts, receipt.state, &receipt.outbox) {
            self.undeliverable(outbox, reason).await?;
        }
        if let Some(conversation) = receipt.outbox.as_ref().and_then(OutboxId::conversation) {
            self.hints().changed(&conversation);
        }
        Ok(receipted)
    }

    /// Tells the conversation of a message that it will not arrive. Once, however often it is called.
    pub(super) async fn undeliverable(&self, outbox: &OutboxId, reason: Undeliverable) -> Result<(), TurnError> {
        let Some(conversation) = outbox.conversation() else { return Ok(()) };
        let kind = EventKind::Undeliverable { outbox: outbox.clone(), reason };
        let event = Event { id: format!("undeliverable:{outbox}").into(), at: self.clock().now(), kind };
        match self.turn(Target::Conversation(conversation), event).await {
            // A bug is noted as a fault: telling again would not help.
            Ok(_) | Err(TurnError::Unknown(_) | TurnError::Bug(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn given<'a>(&'a self, shelf: &'a Shelf) -> Given<'a> {
        Given {
            engine: self.0.engine,
            shelf,
            agency: &self.0.agency,
            desk: &self.0.desk,
            welcome: self.0.settings.flows.welcome.as_deref(),
            stop_confirmed_by_provider: &self.0.stop_confirmed_by_provider,
            flood: self.0.settings.flood,
            channels: &self.0.settings.channels,
        }
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    pub(super) fn turns(&self) -> &Arc<Semaphore> {
        &self.0.turns
    }

    pub(super) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(super) fn lag(&self) -> &Lag {
        &self.0.lag
    }

    /// The name that this process takes leases by: where it runs, and which life there.
    pub fn node(&self) -> &str {
        &self.0.node
    }

    pub(super) fn keep_revision(&self, revision: &Arc<Revision>) -> Arc<Shelf> {
        self.pin_kept(&revision.id);
        self.0.shelf.keep(revision)
    }

    pub(super) fn is_new_pin(&self, id: &RevisionId) -> bool {
        !self.0.kept_pins.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    pub(super) fn pin_kept(&self, id: &RevisionId) {
        self.0.kept_pins.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
    }
}

/// Where a node runs: the machine and the address it listens at. Another life at the same place has ended.
fn place(settings: &Settings) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let machine = machine.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    format!("{}:{}", machine.as_deref().unwrap_or("localhost"), settings.server.listen)
}

/// Twilio answers STOP by itself on SMS, and refuses what we send after it (21610).
fn confirms_stop(channel: &Channel) -> bool {
    match channel {
        Channel::Twilio(channel) => channel.medium() == crate::base::Medium::Sms,
        Channel::WhatsApp(_) | Channel::Browser(_) => false,
    }
}
