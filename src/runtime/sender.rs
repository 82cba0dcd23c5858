//! The outbox to the providers: one message in flight for each conversation, many conversations beside each other.
//!
//! ```text
//! outbox ─▶ stock, by band ─▶ seats in the air ─▶ leave from the pace ─▶ begin (lease, epoch) ─▶ encode ─▶ HTTP ─▶ outcome ─▶ settle
//! ```
//! Safety texts go first, then answers to people who wrote, then what nobody waits for; the last leave seats and a part of the pace free for
//! the others. A look costs what it takes, however much waits: a few of every band are read ahead, and what just changed is looked at
//! by itself. How one message leaves is told in `flight`.

mod air;
mod flight;
mod stock;

use std::time::Duration;

use jiff::SignedDuration;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use self::{
    air::Air,
    stock::{Gate, Stock},
};
use super::{hints::Changed, leases::Leases, service::Service, stop::Stop};
use crate::store::{Band, Grant, Pending, StoreError};

/// A look at all bands when nobody rings: messages that other nodes decided, tries again.
const LOOK: Duration = Duration::from_millis(250);
/// Between two such looks at least, however much there is.
const LOOK_GAP: Duration = Duration::from_millis(10);
/// Looks at the bands of channels that are configured no more: what waits there is told as undeliverable.
const ORPHANS: Duration = Duration::from_secs(60);
/// Waiting for the store to come back.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// What may be in the air when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(12);

/// What is in the air when sending has stopped.
#[derive(Debug)]
pub(super) struct InTheAir(JoinSet<()>);

impl InTheAir {
    /// Waits until all of it is settled, for a while.
    pub async fn land(mut self) {
        if timeout(DRAIN, async { while self.0.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!(n = self.0.len(), "messages were still in the air at the stop; they will be taken as perhaps sent");
        }
    }
}

/// Sends until it is told to stop: then nothing new leaves, and what is in the air is given back.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) -> InTheAir {
    let mut sender = Sender::new(service, leases);
    while !stop.is_asked() {
        let pause = match sender.round().await {
            Ok(()) => sender.next_thing(),
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read; looking again in {AFTER_ERROR:?}");
                // What was to be looked at is found with everything else.
                sender.service.hints().anything();
                sleep(AFTER_ERROR).await;
                continue;
            }
        };
        tokio::select! {
            biased;
            () = sender.service.hints().outbox() => {}
            () = sleep(pause) => {}
            () = stop.asked() => {}
        }
    }
    InTheAir(sender.flights)
}

struct Sender {
    service: Service,
    leases: Leases,
    gates: Vec<Gate>,
    stock: Stock,
    air: Air,
    flights: JoinSet<()>,
    /// The next look at all bands, and when the last one was.
    look_at: Instant,
    looked_at: Option<Instant>,
    orphans_at: Instant,
}

impl Sender {
    fn new(service: Service, leases: Leases) -> Self {
        let gates = Gate::all(service.settings());
        let now = Instant::now();
        Self {
            service,
            leases,
            gates,
            stock: Stock::default(),
            air: Air::default(),
            flights: JoinSet::new(),
            look_at: now,
            looked_at: None,
            orphans_at: now + ORPHANS,
        }
    }

    /// Looks, chooses, and lets go what may.
    async fn round(&mut self) -> Result<(), StoreError> {
        while self.flights.try_join_next().is_some() {}
        self.look().await?;
        for nth in 0..self.gates.len() {
            self.let_go(nth).await?;
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let held = self.leases.held();
        let changed = self.service.hints().take_changed();
        if held.shards.is_empty() {
            self.stock = Stock::default();
            self.look_at = Instant::now() + LOOK;
            return Ok(());
        }
        let (store, now) = (self.service.store().clone(), self.service.clock().now());
        match changed {
            Changed::All => self.look_at = Instant::now(),
            Changed::Conversations(of) if of.is_empty() => {}
            Changed::Conversations(of) => {
                let of: Vec<_> = of.into_iter().collect();
                self.stock.add(store.outbox_of(&held, &of, now).await?);
            }
        }
        let looks_on = self.ran_out();
        let gap_passed = self.looked_at.is_none_or(|at| Instant::now() >= at + LOOK_GAP);
        if Instant::now() >= self.look_at || (looks_on && gap_passed) {
            let orphans = Instant::now() >= self.orphans_at;
            let bands: Vec<Band> = self.gates.iter().filter(|gate| orphans || !gate.is_for_orphans()).flat_map(Gate::open_bands).collect();
            let found = store.outbox(&held, &bands, now, stock::AHEAD).await?;
            self.stock.replace(&bands, found);
            self.looked_at = Some(Instant::now());
            self.look_at = Instant::now() + LOOK;
            if orphans {
                self.orphans_at = Instant::now() + ORPHANS;
            }
        }
        Ok(())
    }

    /// Lets go what may leave by one gate.
    async fn let_go(&mut self, nth: usize) -> Result<(), StoreError> {
        let Some(gate) = self.gates.get_mut(nth) else { return Ok(()) };
        let mut chosen = gate.choose(&mut self.stock, &self.air);
        if chosen.is_empty() {
            return Ok(());
        }
        let grants = match gate.ask(&self.service, &chosen).await {
            Ok(grants) => grants,
            Err(error) => {
                self.stock.put_back(chosen);
                return Err(error);
            }
        };
        let mut waiting = Vec::new();
        for (pending, grant) in chosen.drain(..).zip(grants) {
            match grant {
                Grant::Now => {
                    if let Some(seat) = self.air.take(gate.name(), &pending) {
                        self.flights.spawn(flight::fly(self.service.clone(), pending, seat));
                    }
                }
                Grant::SenderAfter(ms) => {
                    gate.shut(pending.band.class, Duration::from_millis(ms.into()));
                    waiting.push(pending);
                }
                Grant::PairAfter(ms) => put_off(&self.service, gate, &pending, ms).await?,
            }
        }
        self.stock.put_back(waiting);
        Ok(())
    }

    /// Whether all that was read of a band that may be looked into is gone, and there was more.
    fn ran_out(&self) -> bool {
        self.stock.ran_out().any(|band| self.gates.iter().any(|gate| gate.lets(band)))
    }

    /// How long until there may be something to do that nobody rings for.
    fn next_thing(&self) -> Duration {
        let opens = self.gates.iter().filter_map(|gate| gate.opens_at(&self.stock));
        let more_at = self.ran_out().then(|| self.looked_at.map_or(self.look_at, |at| at + LOOK_GAP));
        let next = opens.chain(more_at).chain([self.look_at]).min().unwrap_or(self.look_at);
        next.saturating_duration_since(Instant::now())
    }
}

/// An address that has had enough for now waits in the store, so that what is looked at next is somebody else's.
async fn put_off(service: &Service, gate: &Gate, pending: &Pending, ms: u32) -> Result<(), StoreError> {
    metrics::counter!("intake_sends_held_total", "channel" => gate.name().to_owned(), "why" => "pair").increment(1);
    let now = service.clock().now();
    let until = now.checked_add(SignedDuration::from_millis(ms.into())).unwrap_or(now);
    service.store().put_off(pending, until).await
}
