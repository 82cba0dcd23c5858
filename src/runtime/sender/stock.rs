//! What was read ahead from the outbox, and the gates by which it leaves: one for each channel, one for hand-overs.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::air::{Air, seats};
use crate::{
    channel::{Channel, speed},
    config::Settings,
    engine::Class,
    runtime::service::Service,
    store::{Band, Grant, Lane, Load, N_LANES, Pace, Pair, Pending, StoreError, Want},
};

/// Items of each band that are read ahead: twice what may be in the air.
pub(super) const AHEAD: usize = 128;

/// What was read ahead, by band. It may be stale at any moment: `begin` knows.
#[derive(Debug, Default)]
pub(super) struct Stock {
    bands: BTreeMap<Band, VecDeque<Pending>>,
    /// Bands of which there was more than was read.
    cut: BTreeSet<Band>,
}

impl Stock {
    /// Puts what a look at some bands found in the place of what was known of them.
    pub fn replace(&mut self, bands: &[Band], found: Vec<Pending>) {
        for band in bands {
            self.bands.remove(band);
            self.cut.remove(band);
        }
        for pending in found {
            self.bands.entry(pending.band).or_default().push_back(pending);
        }
        for band in bands {
            if self.bands.get(band).is_some_and(|waiting| waiting.len() >= AHEAD) {
                self.cut.insert(*band);
            }
        }
    }

    /// Adds what just changed behind what waits. Where more waits than is known it is found in its order.
    pub fn add(&mut self, found: Vec<Pending>) {
        for pending in found {
            let waiting = self.bands.entry(pending.band).or_default();
            if waiting.len() >= AHEAD || self.cut.contains(&pending.band) {
                self.cut.insert(pending.band);
            } else if !waiting.iter().any(|known| known.item.id == pending.item.id) {
                waiting.push_back(pending);
            }
        }
    }

    /// Puts back what could not leave, before all that waits.
    pub fn put_back(&mut self, pending: Vec<Pending>) {
        for pending in pending.into_iter().rev() {
            self.bands.entry(pending.band).or_default().push_front(pending);
        }
    }

    /// Bands of which all that was read is gone, and there was more.
    pub fn ran_out(&self) -> impl Iterator<Item = Band> {
        self.cut.iter().copied().filter(|band| !self.has(*band))
    }

    fn has(&self, band: Band) -> bool {
        self.bands.get(&band).is_some_and(|waiting| !waiting.is_empty())
    }

    /// Bands of which anything waits, the first class first.
    fn waiting(&self) -> impl Iterator<Item = Band> {
        self.bands.iter().filter(|(_, waiting)| !waiting.is_empty()).map(|(band, _)| *band)
    }

    fn next(&mut self, band: Band) -> Option<Pending> {
        self.bands.get_mut(&band)?.pop_front()
    }
}

/// The way out of some lanes.
#[derive(Debug)]
pub(super) struct Gate {
    name: String,
    lanes: Vec<Lane>,
    /// By channel: two may share a lane.
    paces: BTreeMap<String, (String, Pace)>,
    /// Until when a class has no leave, by the pace.
    shut_until: BTreeMap<Class, Instant>,
}

/// The name of the gate for what is of no channel any more.
const ORPHANS: &str = "none";

impl Gate {
    /// One for each channel, one for hand-overs, and one for what is of no channel any more.
    pub fn all(settings: &Settings) -> Vec<Self> {
        let mut gates = vec![Self::new("hand-over", vec![Lane::HAND_OVER])];
        for channel in &settings.channels {
            let lane = Lane::of(channel.name());
            let nth = gates.iter().position(|gate| gate.lanes.contains(&lane)).unwrap_or_else(|| {
                gates.push(Self::new(channel.name(), vec![lane]));
                gates.len() - 1
            });
            if let (Some(gate), Some(pace)) = (gates.get_mut(nth), pace_of(channel)) {
                gate.paces.insert(channel.name().to_owned(), pace);
            }
        }
        let taken: BTreeSet<Lane> = gates.iter().flat_map(|gate| gate.lanes.clone()).collect();
        gates.push(Self::new(ORPHANS, (1..N_LANES).map(Lane::of_number).filter(|lane| !taken.contains(lane)).collect()));
        gates
    }

    fn new(name: &str, lanes: Vec<Lane>) -> Self {
        Self { name: name.to_owned(), lanes, paces: BTreeMap::new(), shut_until: BTreeMap::new() }
    }

    /// The channel's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is for what is of no channel any more.
    pub fn is_for_orphans(&self) -> bool {
        self.name == ORPHANS
    }

    /// The bands that may be looked into now.
    pub fn open_bands(&self) -> impl Iterator<Item = Band> {
        Band::all(&self.lanes).into_iter().filter(|band| self.is_open(band.class))
    }

    /// Whether what is of a band may leave by it now.
    pub fn lets(&self, band: Band) -> bool {
        self.lanes.contains(&band.lane) && self.is_open(band.class)
    }

    fn is_open(&self, class: Class) -> bool {
        self.shut_until.get(&class).is_none_or(|until| *until <= Instant::now())
    }

    /// No leave for a class, for a while.
    pub fn shut(&mut self, class: Class, wait: Duration) {
        metrics::counter!("intake_sends_held_total", "channel" => self.name.clone(), "why" => "rate").increment(1);
        self.shut_until.insert(class, Instant::now() + wait);
    }

    /// When the first class opens of which anything waits.
    pub fn opens_at(&self, stock: &Stock) -> Option<Instant> {
        let waits = |class: &Class| self.lanes.iter().any(|lane| stock.has(Band { class: *class, lane: *lane }));
        self.shut_until.iter().filter(|(class, until)| **until > Instant::now() && waits(class)).map(|(_, until)| *until).min()
    }

    /// Takes out of the stock what has a seat: the first class first, one of each conversation.
    pub fn choose(&self, stock: &mut Stock, air: &Air) -> Vec<Pending> {
        let in_the_air = air.n_of(&self.name);
        let mut chosen: Vec<Pending> = Vec::new();
        let mut whose = BTreeSet::new();
        let open: Vec<Band> = stock.waiting().filter(|band| self.lets(*band)).collect();
        for band in open {
            while in_the_air + chosen.len() < seats(band.class) {
                let Some(pending) = stock.next(band) else { break };
                // Another of the same is on its way: it rings when it has landed.
                let Some(conversation) = pending.item.id.conversation().filter(|id| !air.has(id)) else { continue };
                if whose.insert(conversation) {
                    chosen.push(pending);
                }
            }
        }
        chosen
    }

    /// Asks the pace for leave, for each in its order.
    pub async fn ask(&self, service: &Service, chosen: &[Pending]) -> Result<Vec<Grant>, StoreError> {
        let mut grants = vec![Grant::Now; chosen.len()];
        for (channel, (sender, pace)) in &self.paces {
            let (places, wants): (Vec<usize>, Vec<Want>) = chosen
                .iter()
                .enumerate()
                .filter(|(_, pending)| pending.item.channel == *channel && matches!(pending.item.load, Load::Message(_)))
                .filter_map(|(place, pending)| Some((place, want(service, *pace, pending)?)))
                .unzip();
            for (place, given) in places.into_iter().zip(service.store().grant(sender, *pace, &wants).await?) {
                if let Some(grant) = grants.get_mut(place) {
                    *grant = given;
                }
            }
        }
        Ok(grants)
    }
}

fn want(service: &Service, pace: Pace, pending: &Pending) -> Option<Want> {
    let cost = match &pending.item.load {
        Load::Message(message) => service.channel(&pending.item.channel).map_or(1, |channel| channel.cost(message)),
        Load::Deliver(_) => 1,
    };
    let reserve = match pending.band.class {
        Class::Safety => 0,
        Class::Interactive => pace.burst / 8,
        Class::Bulk => (pace.burst / 4).max(1),
    };
    Some(Want { conversation: pending.item.id.conversation()?, cost, reserve })
}

/// Who has the limit at the provider, and what it is; `None`: nothing leaves this process.
pub(super) fn pace_of(channel: &Channel) -> Option<(String, Pace)> {
    let speed = channel.speed()?;
    let pair = channel.has_pair_rate().then_some(Pair { gap_ms: speed::PAIR_GAP_MS, burst: speed::PAIR_BURST });
    Some((channel.sender(), Pace { per_1000_s: speed.per_1000_s, burst: speed.burst, pair }))
}
