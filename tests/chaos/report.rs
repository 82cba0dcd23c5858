//! What came of it, in figures.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    faults::{Fault, Happened},
    judge::Findings,
    provider::Taken,
};
use crate::support::power::Cut;

/// From when a provider took a message until its node has kept that, at the most, where nothing is wrong with either.
const SETTLED: Duration = Duration::from_millis(1_500);
/// What a node had written when it died may be taken by the provider so much later.
const ON_THE_WIRE: Duration = Duration::from_millis(250);
/// A node that cannot keep what came of an attempt for so long gives it up.
const GIVES_UP: Duration = Duration::from_secs(8);
/// What may have been taken waits 30 s before it is sent again, less what the way to the provider took.
const WAITS: Duration = Duration::from_secs(25);

/// Sends of messages that were sent before.
#[derive(Clone, Debug, Default)]
pub struct Doubled {
    /// Without an excuse.
    pub without: Vec<String>,
    /// The former send was in the air at a death, ambiguous, or the store was away.
    pub excused: usize,
    /// Sends that had such an excuse: so many could have been doubled.
    pub could: usize,
}

impl Doubled {
    pub fn of(taken: &[Taken], settled: &BTreeMap<String, Timestamp>, happened: &[Happened]) -> Self {
        let mut by_id: BTreeMap<&str, Vec<&Taken>> = BTreeMap::new();
        for one in taken {
            by_id.entry(&one.outbox).or_default().push(one);
        }
        let mut doubled = Self { could: taken.iter().filter(|one| excuse(one, happened).is_some()).count(), ..Self::default() };
        for (id, sends) in by_id {
            for pair in sends.windows(2) {
                let (gap, least) = (pair[1].at - pair[0].at, WAITS.saturating_sub(stood_still(pair[0], happened)));
                match excuse(pair[0], happened) {
                    Some(_) if gap >= least => doubled.excused += 1,
                    excuse => {
                        let settled = settled.get(id).map(|at| at.duration_since(pair[0].on));
                        let near = about(pair[0], happened)
                            .iter()
                            .filter(|one| one.to + SETTLED >= pair[0].at && one.from <= pair[0].at + GIVES_UP)
                            .filter(|one| one.node.is_none_or(|node| node == pair[0].node))
                            .map(|one| one.seen_from(pair[0].at));
                        doubled.without.push(format!(
                            "{id} by node {} after {gap:?} by node {} (not before {least:?}; excuse: {excuse:?}; kept {settled:?} after the first; {})",
                            pair[0].node,
                            pair[1].node,
                            near.collect::<Vec<_>>().join(", ")
                        ));
                    }
                }
            }
        }
        doubled
    }
}

/// Why a message may be sent once more after this send.
fn excuse(sent: &Taken, happened: &[Happened]) -> Option<&'static str> {
    if !sent.told {
        return Some("its answer never came");
    }
    // While the store is away, the node keeps trying to keep what came of it, and may die meanwhile.
    let mut until = sent.at + SETTLED;
    for one in about(sent, happened).iter().filter(|one| one.to + ON_THE_WIRE >= sent.at) {
        let near = one.from <= until;
        match one.fault {
            // It may have died just before the provider had read what it wrote.
            Fault::KillNode | Fault::LeaveDown if near && one.node == Some(sent.node) => return Some("its node died"),
            _ if one.to < sent.at => {}
            Fault::CutProvider if near => return Some("the connection to the provider was cut"),
            Fault::KillStore | Fault::CutPower | Fault::PauseStore if near => until = until.max(one.to + SETTLED),
            Fault::PauseNode | Fault::PausePastLease | Fault::HoldWire | Fault::SlowWire | Fault::CutWire
                if near && one.node == Some(sent.node) =>
            {
                until = until.max(one.to + SETTLED);
            }
            _ => {}
        }
    }
    (until - sent.at >= GIVES_UP).then_some("the store was away")
}

/// What went wrong about the time of a send; nothing lasts longer than half of this.
fn about<'a>(sent: &Taken, happened: &'a [Happened]) -> &'a [Happened] {
    const ABOUT: Duration = Duration::from_secs(60);
    let from = happened.partition_point(|one| one.from + ABOUT < sent.at);
    let to = happened.partition_point(|one| one.from <= sent.at + ABOUT);
    &happened[from..to]
}

/// How long its node stood still on the way to the provider.
fn stood_still(sent: &Taken, happened: &[Happened]) -> Duration {
    let pauses = about(sent, happened).iter().filter(|one| {
        matches!(one.fault, Fault::PauseNode | Fault::PausePastLease) && one.node == Some(sent.node) && one.from <= sent.at && {
            one.to + SETTLED >= sent.at
        }
    });
    pauses.map(|one| one.to - one.from).sum()
}

/// What an operator reads of a run.
pub struct Report {
    /// The store and its setting.
    pub what: String,
    pub tries: u64,
    pub again: u64,
    pub acknowledged: u64,
    pub sends: usize,
    pub happened: Vec<Happened>,
    pub cut: Cut,
    /// What the provider did.
    pub did: BTreeMap<&'static str, u64>,
    pub doubled: Doubled,
    pub found: Findings,
    /// Items that were left in the outbox.
    pub outbox: u64,
    /// Of what was lost, the longest time between an acknowledgement and the power cut that took it.
    pub lost_within: Duration,
    pub took: Duration,
    /// The ends of the logs.
    pub logs: String,
}

impl Report {
    fn n(&self, fault: Fault) -> usize {
        self.happened.iter().filter(|one| one.fault == fault).count()
    }

    /// Ends the test unless nothing was lost, doubled without an excuse, or out of order, and all agrees.
    pub fn must_be_clean(&self) {
        let found = &self.found;
        assert!(found.lost.is_empty() && found.unsent.is_empty(), "lost {:?}, unsent {:?}\n{}", found.lost, found.unsent, self.logs);
        assert!(self.doubled.without.is_empty(), "{:#?}\n{}", self.doubled, self.logs);
        assert!(found.order_at_provider.is_empty(), "{:#?}", found.order_at_provider);
        self.must_agree();
        assert!(self.acknowledged > 0 && self.sends as u64 >= self.acknowledged);
    }

    /// Ends the test unless what the store holds agrees with itself.
    pub fn must_agree(&self) {
        let found = &self.found;
        assert!(found.effects_doubled.is_empty(), "{:#?}", found.effects_doubled);
        assert!(found.order_in_journal.is_empty(), "{:#?}", found.order_in_journal);
        assert!(found.otherwise.is_empty(), "{:#?}", found.otherwise);
        assert!(found.cross_talk.is_empty(), "{:#?}", found.cross_talk);
        assert!(found.wakes_wrong.is_empty(), "{:#?}", found.wakes_wrong);
        assert_eq!(self.outbox, 0, "messages were left in the outbox\n{}", self.logs);
    }

    fn lost(&self) -> String {
        let n = self.found.lost.len() + self.found.unsent.len();
        if self.lost_within.is_zero() {
            n.to_string()
        } else {
            format!("{n} (of the last {:.1} s before a cut)", self.lost_within.as_secs_f64())
        }
    }

    /// Columns and their values.
    fn cells(&self) -> Vec<(&'static str, String)> {
        let (found, n) = (&self.found, |fault| self.n(fault));
        let did = |what| self.did.get(what).copied().unwrap_or(0);
        vec![
            ("run", self.what.clone()),
            ("messages acknowledged", self.acknowledged.to_string()),
            ("webhooks (of them sent again)", format!("{} ({})", self.tries + self.again, self.again)),
            ("messages sent", self.sends.to_string()),
            (
                "kills of nodes, of Redis",
                format!("{}, {}", n(Fault::KillNode) + n(Fault::LeaveDown), n(Fault::KillStore) + n(Fault::CutPower)),
            ),
            ("of them power cuts (bytes taken)", format!("{} ({})", n(Fault::CutPower), self.cut.bytes)),
            (
                "pauses of nodes (past a lease), of Redis",
                format!("{} ({}), {}", n(Fault::PauseNode) + n(Fault::PausePastLease), n(Fault::PausePastLease), n(Fault::PauseStore)),
            ),
            ("connections held, slowed, cut", format!("{}, {}, {}", n(Fault::HoldWire), n(Fault::SlowWire), n(Fault::CutWire))),
            (
                "provider: 429, 5xx, no answer, took it without a word, gone",
                format!(
                    "{}, {}, {}, {}, {}",
                    did("429"),
                    did("500 or 503"),
                    did("hangs"),
                    did("takes and hangs") + did("takes and breaks off"),
                    n(Fault::CutProvider)
                ),
            ),
            ("lost", self.lost()),
            ("effects doubled", found.effects_doubled.len().to_string()),
            ("sends doubled", self.doubled.without.len().to_string()),
            ("with an excuse (could have been)", format!("{} ({})", self.doubled.excused, self.doubled.could)),
            ("order breaks at provider, in journals", format!("{}, {}", found.order_at_provider.len(), found.order_in_journal.len())),
            ("conversations, not as their journal", format!("{}, {}", found.conversations, found.otherwise.len())),
            ("reminders, wrong", format!("{}, {}", found.wakes, found.wakes_wrong.len())),
            ("cross-talk", found.cross_talk.len().to_string()),
            ("took", format!("{:.0} s", self.took.as_secs_f64())),
        ]
    }
}

/// A table of one column, as `docs/reliability.md` has it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (name, value)) in self.cells().into_iter().enumerate() {
            writeln!(f, "| {name} | {value} |")?;
            if nth == 0 {
                writeln!(f, "|---|---|")?;
            }
        }
        Ok(())
    }
}

/// The longest time between the acknowledgement of a word that was lost and the power cut that took it. A kill in between is not counted: a
/// Redis that comes back does not sync what it finds until something is written.
pub fn lost_within(acknowledged: impl Iterator<Item = Instant>, happened: &[Happened]) -> Duration {
    let deaths = || happened.iter().filter(|one| matches!(one.fault, Fault::KillStore | Fault::CutPower));
    let taken = |at: Instant| deaths().find(|one| one.from >= at).filter(|one| one.fault == Fault::CutPower).map(|one| one.from - at);
    acknowledged.filter_map(taken).max().unwrap_or_default()
}
