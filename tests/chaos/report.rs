//! What came of it, in figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::{Duration, Instant},
};

use super::{nodes::Nodes, provider::Provider};

/// A send counts as in the air at a kill where its node was killed so soon after the provider took it.
const IN_AIR: Duration = Duration::from_millis(1_500);

/// The same where the store was away: so long a node tries to keep what came of an attempt.
const SETTLING: Duration = Duration::from_secs(15);

/// The figures.
#[derive(Debug, Default)]
pub struct Report {
    pub tries: u64,
    pub again: u64,
    pub acknowledged: u64,
    pub sends: u64,
    /// Words acknowledged and never said back.
    pub lost: Vec<String>,
    /// Words said back by two messages.
    pub effects_doubled: Vec<String>,
    /// Messages sent twice though nothing was killed.
    pub doubled: Vec<String>,
    /// Messages sent twice that were in the air at a kill.
    pub doubled_at_kills: u64,
    pub order_breaks: Vec<String>,
    pub kills: usize,
    pub redis_kills: u64,
    pub took: Duration,
    logs: String,
}

impl Report {
    pub fn of(provider: &Provider, nodes: &Nodes, words: &[(u64, u64)], acknowledged: u64) -> Self {
        let (taken, kills) = (provider.taken(), nodes.kills());
        let mut report = Self {
            acknowledged,
            sends: taken.len() as u64,
            kills: kills.iter().filter(|(node, _)| node.is_some()).count(),
            logs: nodes.logs(),
            ..Self::default()
        };
        let mut by_id: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for one in &taken {
            by_id.entry(&one.outbox).or_default().push(one);
        }
        for (id, sends) in by_id.iter().filter(|(_, sends)| sends.len() > 1) {
            for first in &sends[..sends.len() - 1] {
                let near = |at: Instant, span: Duration| at.max(first.at) - at.min(first.at) < span;
                // While the store is away the node keeps trying to settle, so it may be killed later in the same attempt.
                let store_away = kills.iter().any(|(node, at)| node.is_none() && near(*at, IN_AIR));
                let span = if store_away { SETTLING } else { IN_AIR };
                let at_kill = kills.iter().any(|(node, at)| *node == Some(first.node) && *at >= first.at && near(*at, span));
                if at_kill { report.doubled_at_kills += 1 } else { report.doubled.push((*id).to_owned()) }
            }
        }
        for (patient, n_words) in words {
            let to = format!("+1415555{patient:04}");
            let mut seen = BTreeSet::new();
            let mut last = 0;
            let mut ids: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
            for one in taken.iter().filter(|one| one.to == to) {
                let Some(word) = one.word else { continue };
                ids.entry(word).or_default().insert(&one.outbox);
                if seen.insert(word) {
                    if word < last {
                        report.order_breaks.push(format!("{to}: m{word} after m{last}"));
                    }
                    last = word;
                }
            }
            report.effects_doubled.extend(ids.iter().filter(|(_, ids)| ids.len() > 1).map(|(word, _)| format!("{to}: m{word}")));
            report.lost.extend((1..=*n_words).filter(|word| !seen.contains(word)).map(|word| format!("{to}: m{word}")));
        }
        report
    }

    pub fn with(self, tries: u64, again: u64, redis_kills: u64, took: Duration) -> Self {
        Self { tries, again, redis_kills, took, ..self }
    }

    /// Ends the test where anything was lost, doubled without an excuse, or out of order.
    pub fn must_be_clean(&self) {
        let clean = self.lost.is_empty() && self.effects_doubled.is_empty() && self.doubled.is_empty() && self.order_breaks.is_empty();
        let tail: Vec<&str> = self.logs.lines().rev().take(40).collect();
        assert!(clean, "{self:#?}\nlast lines of the logs, newest first:\n{}", tail.join("\n"));
        assert!(self.acknowledged > 0 && self.sends >= self.acknowledged);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "webhooks {} (+{} repeated) · acknowledged {} · sends {} · lost {} · effects doubled {} · sends doubled {} (and {} in the air at \
             a kill) · order breaks {} · kills {} nodes, {} Redis · {:.1} s",
            self.tries,
            self.again,
            self.acknowledged,
            self.sends,
            self.lost.len(),
            self.effects_doubled.len(),
            self.doubled.len(),
            self.doubled_at_kills,
            self.order_breaks.len(),
            self.kills,
            self.redis_kills,
            self.took.as_secs_f64()
        )
    }
}
