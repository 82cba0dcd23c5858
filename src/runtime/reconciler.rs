//! What a provider does not tell again by itself: its list of messages is looked through, and what is missing is taken through the same
//! turn as its webhook, with the same event id, so that it has its effect once, whoever comes first.
//!
//! ```text
//! since the mark − 10 min ─▶ list, hour by hour, page by page ─▶ oldest first: known? (ring, record) ─▶ turn ─▶ the mark moves
//! ```
//! One node does it: the one that holds the first shard; two at once would do no harm. Only Twilio has such a list; Meta has none, and
//! repeats a webhook for up to 7 days by itself.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::{
    leases::Leases,
    service::{Service, Target, TurnError, Turned},
    stop::Stop,
};
use crate::{
    base::Address,
    channel::{Channel, Happening, TwilioChannel, twilio::list::NotListed},
    engine::{Event, conversation::SeenBefore},
    records::RecordsError,
    store::StoreError,
};

/// How far before the mark it looks again: Twilio may list a message late.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(10);
/// What is newer is left to its webhook: Twilio's own tries end after 15 s.
const SETTLED: SignedDuration = SignedDuration::from_secs(20);
/// One stretch of time is asked for at once; halved where it has too many pages.
const STRETCH_S: i64 = 3_600;
const LEAST_STRETCH_S: i64 = 60;
/// Stretches of one round: after a long outage the next round goes on.
const STRETCHES: usize = 24;
/// Pages of one stretch, of 100 messages each: a bound on memory.
const PAGES: usize = 50;
/// Ids that this process remembers as known, so that it need not ask for them every minute.
const KNOWN: usize = 50_000;
/// How long the mark is kept: a service that was off for longer begins anew.
const MARK_S: u64 = 400 * 24 * 3_600;
/// After a list that could not be had.
const AFTER_ERROR: Duration = Duration::from_secs(60);
/// Between two looks at which channel is due.
const TICK: Duration = Duration::from_secs(1);

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Messages in the list.
    pub n_listed: usize,
    /// Those that had not come, and were taken through a turn now (or would be).
    pub n_missing: usize,
}

/// Why a round did not come to its end: what was done stands, and the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Twilio gives no list for now.
    #[error("the provider gives no list for now")]
    Later(Option<u64>),
    /// Twilio refuses: the account's id, its token or the number.
    #[error("the provider refuses its list of messages ({0}); are `account_sid`, `auth_token` and `from` right?")]
    Refused(u16),
    /// The settings make no request.
    #[error("the channel's settings make no request for a list; is `base_url` right?")]
    Configuration,
    /// The live state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A message that was missing could not be kept.
    #[error(transparent)]
    Turn(#[from] TurnError),
}

/// One channel, as it is watched.
struct Watched {
    channel: TwilioChannel,
    due_at: Instant,
    reconciler: Reconciler,
}

/// Looks until it is told to stop.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    let now = Instant::now();
    let watched = |channel: &Channel| match channel {
        Channel::Twilio(channel) if channel.reconcile_s > 0 => {
            Some(Watched { channel: channel.clone(), due_at: now, reconciler: Reconciler::new(service.clone()) })
        }
        Channel::Twilio(_) | Channel::WhatsApp(_) | Channel::Browser(_) => None,
    };
    let mut all: Vec<Watched> = service.settings().channels.iter().filter_map(watched).collect();
    while !all.is_empty() && !stop.is_asked() {
        let first = leases.held().shards.iter().any(|(shard, _)| *shard == 0);
        for watched in all.iter_mut().filter(|watched| first && watched.due_at <= Instant::now()) {
            let every = Duration::from_secs(watched.channel.reconcile_s.into());
            watched.due_at = Instant::now() + look(watched, every).await;
        }
        tokio::select! {
            biased;
            () = stop.asked() => {}
            () = sleep(TICK) => {}
        }
    }
}

/// One round of one channel, told in the log by its counts; when to look again.
async fn look(watched: &mut Watched, every: Duration) -> Duration {
    let name = watched.channel.name.clone();
    let outcome = |outcome: &'static str, n: usize| {
        metrics::counter!("intake_reconciled_total", "channel" => name.clone(), "outcome" => outcome)
            .increment(u64::try_from(n).unwrap_or(0));
    };
    match watched.reconciler.since_the_mark(&watched.channel).await {
        Ok(Reconciled { n_listed, n_missing }) => {
            outcome("known", n_listed - n_missing);
            outcome("missing", n_missing);
            if n_missing > 0 {
                tracing::warn!(channel = %name, n_missing, "messages had not come by webhook: they were taken from the provider's list");
            }
            every
        }
        Err(error) => {
            outcome("failed", 1);
            let wait = match &error {
                ReconcileError::Later(Some(after_s)) => AFTER_ERROR.max(Duration::from_secs(*after_s)),
                _ => AFTER_ERROR,
            };
            tracing::warn!(channel = %name, %error, "the provider's list of messages was not looked through; looking again in {wait:?}");
            wait.max(every)
        }
    }
}

/// Looks through lists, and remembers what it knows.
#[derive(Debug)]
pub struct Reconciler {
    service: Service,
    known: BTreeMap<String, Timestamp>,
    stretch_s: i64,
}

impl Reconciler {
    /// Knows nothing yet.
    pub const fn new(service: Service) -> Self {
        Self { service, known: BTreeMap::new(), stretch_s: STRETCH_S }
    }

    /// From the mark on, which moves with what is done. Where there is none it is set: what came before the first start is not answered.
    ///
    /// # Errors
    /// Where the list cannot be had or a message cannot be kept: the mark stands where it came to.
    pub async fn since_the_mark(&mut self, channel: &TwilioChannel) -> Result<Reconciled, ReconcileError> {
        let until = self.settled();
        let mut sum = Reconciled::default();
        let Some(mut mark) = self.mark(channel).await? else {
            self.keep_mark(channel, until).await?;
            return Ok(sum);
        };
        for _ in 0..STRETCHES {
            if mark >= until {
                break;
            }
            let to = later(mark, SignedDuration::from_secs(self.stretch_s)).min(until);
            let Some(done) = self.stretch(channel, later(mark, -LOOK_BACK), to, false).await? else { continue };
            sum.n_listed += done.n_listed;
            sum.n_missing += done.n_missing;
            self.keep_mark(channel, to).await?;
            mark = to;
        }
        let old = later(mark, -LOOK_BACK - LOOK_BACK);
        self.known.retain(|_, at| *at >= old);
        Ok(sum)
    }

    /// From a time on, whatever the mark; `dry`: only told, nothing done.
    ///
    /// # Errors
    /// As [`Self::since_the_mark`].
    pub async fn since(&mut self, channel: &TwilioChannel, since: Timestamp, dry: bool) -> Result<Reconciled, ReconcileError> {
        let until = self.settled();
        let (mut from, mut sum) = (since, Reconciled::default());
        while from < until {
            let to = later(from, SignedDuration::from_secs(self.stretch_s)).min(until);
            let Some(done) = self.stretch(channel, from, to, dry).await? else { continue };
            sum.n_listed += done.n_listed;
            sum.n_missing += done.n_missing;
            from = to;
        }
        Ok(sum)
    }

    fn settled(&self) -> Timestamp {
        later(self.service.clock().now(), -SETTLED)
    }

    async fn mark(&self, channel: &TwilioChannel) -> Result<Option<Timestamp>, StoreError> {
        let kept = self.service.store().small("reconcile", &channel.name).await?;
        let ms = kept.and_then(|kept| Some(i64::from_be_bytes(kept.try_into().ok()?)));
        Ok(ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    }

    async fn keep_mark(&self, channel: &TwilioChannel, at: Timestamp) -> Result<(), StoreError> {
        self.service.store().put_small("reconcile", &channel.name, &at.as_millisecond().to_be_bytes(), MARK_S).await
    }

    /// One stretch of time, oldest first; `None`: it has too many pages, ask for half of it.
    async fn stretch(
        &mut self,
        channel: &TwilioChannel,
        from: Timestamp,
        to: Timestamp,
        dry: bool,
    ) -> Result<Option<Reconciled>, ReconcileError> {
        let (mut listed, mut next) = (Vec::new(), None);
        for nth in 0..=PAGES {
            if nth == PAGES {
                if self.stretch_s > LEAST_STRETCH_S {
                    self.stretch_s = (self.stretch_s / 2).max(LEAST_STRETCH_S);
                    return Ok(None);
                }
                tracing::error!(channel = %channel.name, "more messages in a minute than can be looked through: the oldest of them are left out");
                break;
            }
            let request = channel.list(from, to, next.as_deref()).map_err(|_| ReconcileError::Configuration)?;
            let answer = self.service.http().perform(request).await;
            let page = channel.listed(answer.as_ref().map_err(|transport| *transport)).map_err(|why| match why {
                NotListed::Later { after_s } => ReconcileError::Later(after_s),
                NotListed::Refused { status } => ReconcileError::Refused(status),
            })?;
            listed.extend(page.happenings);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        self.stretch_s = (self.stretch_s * 2).min(STRETCH_S);
        let mut events: Vec<(Address, Option<Address>, Event)> = listed
            .into_iter()
            .filter_map(|happening| match happening {
                Happening::Event { address, alias, event } => Some((address, alias, event)),
                Happening::Receipt(_) | Happening::Ignored(_) => None,
            })
            .collect();
        // The list is newest first; turns of one address must be in the order that they came.
        events.reverse();
        events.sort_by_key(|(.., event)| event.at);
        let mut done = Reconciled { n_listed: events.len(), n_missing: 0 };
        for (address, alias, event) in events {
            done.n_missing += usize::from(self.take(channel, address, alias, event, dry).await?);
        }
        Ok(Some(done))
    }

    /// Whether a message was missing; then it is taken through its turn.
    async fn take(
        &mut self,
        channel: &TwilioChannel,
        address: Address,
        alias: Option<Address>,
        event: Event,
        dry: bool,
    ) -> Result<bool, ReconcileError> {
        let id = event.id.as_str().to_owned();
        if self.known.contains_key(&id) {
            return Ok(false);
        }
        let (store, at) = (self.service.store(), event.at);
        let (conversation, loaded) = store.find(&address).await?;
        let seen = loaded.map_or(SeenBefore::No, |loaded| loaded.conversation.seen.ask(&event.id, event.at));
        // The ring may have forgotten it; the record does not.
        let is_known = seen == SeenBefore::Yes || self.service.records().has_event(&conversation, &event.id).await?;
        let mut missing = false;
        if !is_known && dry {
            return Ok(true);
        }
        if !is_known {
            if let Some(alias) = alias {
                self.service.store().alias(&alias, &address).await?;
            }
            let target = Target::Address { address, channel: channel.name.clone() };
            missing = match self.service.turn(target, event).await {
                Ok(Turned::Done) => true,
                Ok(Turned::Repeated | Turned::Refused(_)) => false,
                // It is noted as a fault: again would not help.
                Err(TurnError::Bug(_) | TurnError::Unknown(_)) => true,
                Err(error @ (TurnError::Store(_) | TurnError::Busy(_) | TurnError::Overloaded)) => return Err(error.into()),
            };
        }
        if self.known.len() < KNOWN {
            self.known.insert(id, at);
        }
        Ok(missing)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
