//! What must hold after a run, whatever happened in it.

use std::collections::{BTreeMap, BTreeSet};

use intake::{
    base::{
        id::{ConversationId, OutboxId},
        limit,
    },
    channel::Delivery,
    engine::{self, Escalation, EventKind, Fact, World as Around},
    flow::{Library, model::Urgency},
    store::{Entry, SentState, Store, TurnEntry},
};

use super::{
    ledger::{Finding, Wrong},
    world::{World, constant},
};
use crate::support::replay::{is_idle, replay};

/// Judges a world that has come to rest.
pub fn judge(world: &World) -> Vec<Finding> {
    let mut findings = world.shared.ledger().findings.clone();
    let mut judged = Judged::read(world);
    judged.each_event_once();
    judged.each_wake_once(world);
    judged.stored_is_replayed(world);
    if !world.shared.rolls_back {
        judged.acknowledged_is_kept(world);
        judged.decided_is_sent(world);
        judged.order_is_kept(world);
        judged.one_person_is_one_conversation(world);
    }
    let ledger = &mut *world.shared.ledger();
    let uncertain = ledger.taken.values().flatten().filter(|taken| taken.excuse.is_some());
    ledger.counts.in_the_air = uncertain.count() as u64;
    if !world.shared.rolls_back && ledger.counts.doubled_with_excuse > ledger.counts.in_the_air {
        let what = format!("{} second sends of {} in the air", ledger.counts.doubled_with_excuse, ledger.counts.in_the_air);
        findings.push(Finding(Wrong::Doubled, what));
    }
    findings.append(&mut judged.findings);
    findings
}

struct Judged {
    turns: BTreeMap<ConversationId, Vec<TurnEntry>>,
    /// Messages that did not leave, and why.
    ended: BTreeMap<OutboxId, SentState>,
    findings: Vec<Finding>,
}

impl Judged {
    fn read(world: &World) -> Self {
        let store = Store::of_memory(world.memory.clone(), world.shared.sealer.clone(), world.shared.clock.clone());
        let held = intake::store::Held { shards: vec![(0, 0)] };
        let reading = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let lines = reading.block_on(store.journal(&held, &[], usize::MAX)).expect("the journal can be opened");
        let mut judged = Self { turns: BTreeMap::new(), ended: BTreeMap::new(), findings: Vec::new() };
        for line in lines {
            match (line.conversation, line.entry) {
                (Some(id), Entry::Turn(entry)) => judged.turns.entry(id).or_default().push(*entry),
                (_, Entry::Delivery { outbox, state, .. }) => {
                    if !matches!(state, SentState::Delivery(Delivery::Accepted | Delivery::Sent | Delivery::Delivered | Delivery::Read)) {
                        judged.ended.insert(outbox, state);
                    }
                }
                (_, Entry::Turn(_) | Entry::Fault { .. } | Entry::Erased { .. }) => {}
            }
        }
        judged
    }

    fn wrong(&mut self, wrong: Wrong, what: String) {
        self.findings.push(Finding(wrong, what));
    }

    fn each_event_once(&mut self) {
        let mut wrong = Vec::new();
        for (id, entries) in &self.turns {
            let mut seen = BTreeMap::new();
            let events = entries.iter().filter(|entry| !matches!(entry.event.kind, EventKind::Wake));
            for (nth, entry) in events.enumerate() {
                let doubted = entry.facts.iter().any(|fact| matches!(fact, Fact::PerhapsRepeated { .. }));
                // Twilio gives no time of its own: what comes again after so many other events is taken as new.
                let past_the_ring = |first: usize| nth - first > limit::SEEN_IDS;
                if seen.insert(entry.event.id.clone(), nth).is_some_and(|first| !doubted && !past_the_ring(first)) {
                    wrong.push(format!("{} in {id}, turn {}", entry.event.id, entry.n_turn));
                }
            }
        }
        wrong.into_iter().for_each(|what| self.wrong(Wrong::Repeated, what));
        let (mut ids, mut events) = (BTreeSet::new(), BTreeSet::new());
        let first_times = self.turns.iter().flat_map(|(id, entries)| entries.iter().map(move |entry| (id, entry)));
        let twice: Vec<OutboxId> = first_times
            .filter(|(id, entry)| events.insert((*id, entry.event.id.clone())))
            .flat_map(|(_, entry)| &entry.said)
            .map(|said| said.outbox.clone())
            .filter(|id| !ids.insert(id.clone()))
            .collect();
        twice.into_iter().for_each(|id| self.wrong(Wrong::Repeated, format!("{id} was decided twice")));
    }

    fn each_wake_once(&mut self, world: &World) {
        let mut wrong = Vec::new();
        for (id, entries) in &self.turns {
            let mut seen = BTreeSet::new();
            for entry in entries.iter().filter(|entry| matches!(entry.event.kind, EventKind::Wake)) {
                world.shared.ledger().counts.wakes += 1;
                if entry.now < entry.event.at {
                    wrong.push(format!("{} of {id} came at {}", entry.event.id, entry.now));
                }
                if !entry.facts.is_empty() && !seen.insert(entry.event.id.clone()) {
                    wrong.push(format!("{} of {id} came twice", entry.event.id));
                }
            }
        }
        wrong.into_iter().for_each(|what| self.wrong(Wrong::Wake, what));
    }

    fn stored_is_replayed(&mut self, world: &World) {
        let constant = constant();
        // Each version's own flows, and those of the others that sessions may be pinned to.
        let libraries: Vec<Library> = constant
            .shelves
            .iter()
            .map(|shelf| {
                let mut library = shelf.library.clone();
                for (_, revision) in constant.shelves.iter().flat_map(|shelf| shelf.library.all_current()) {
                    library.keep(revision.clone());
                }
                library
            })
            .collect();
        let settings = &constant.settings;
        let agency = settings.agency.agency();
        let on_call = settings.desk.on_call.iter().map(|address| (address.clone(), "sms".to_owned())).collect();
        let desk = engine::Desk { hours: settings.desk.hours.clone(), on_call };
        let confirmed = ["sms".to_owned()];
        let versions = world.shared.ledger().versions.clone();
        let wakes = wakes(world);
        let mut wrong = Vec::new();
        for (id, entries) in &self.turns {
            let Some(stored) = world.read(id) else {
                wrong.push(format!("{id} has a journal and no conversation"));
                continue;
            };
            let versions = versions.get(id).cloned().unwrap_or_default();
            if versions.len() != entries.len() {
                wrong.push(format!("{id}: {} commits, {} lines in the journal", versions.len(), entries.len()));
                continue;
            }
            let around = |nth: usize| Around {
                library: &libraries[versions[nth]],
                agency: &agency,
                desk: &desk,
                welcome: Some("welcome"),
                stop_confirmed_by_provider: &confirmed,
                flood: constant.settings.flood,
            };
            let (mut wake_ms, mut idle, mut unheard) = (None, false, Vec::new());
            let replayed = replay(&stored.address, entries, around, |before, step, entry| {
                (wake_ms, idle) = (step.wake_at.map(|at| at.as_millisecond()), is_idle(step, entry));
                let now = step.conversation.escalation.as_ref();
                if let Some(live) = before.escalation.as_ref().filter(|live| now.is_none_or(|now| now.id != live.id))
                    && !is_heard(live, entry)
                {
                    unheard.push(format!("{id}: {} ({}) was gone after turn {}", live.id, live.urgency.word(), entry.n_turn));
                }
            });
            self.findings.extend(unheard.into_iter().map(|what| Finding(Wrong::Unheard, what)));
            let kept_ms = wakes.get(id).copied();
            // A wake that found nothing to do is put off a little.
            let same = if idle { kept_ms.is_some() == wake_ms.is_some() } else { kept_ms == wake_ms };
            if replayed.is_ok() && !same {
                self.findings.push(Finding(Wrong::Wake, format!("{id}: its wake is {kept_ms:?}, and should be {wake_ms:?}")));
            }
            match replayed {
                Ok(replayed) if replayed == stored => {}
                Ok(_) => wrong.push(format!("{id}: the stored conversation is not what {} turns make", entries.len())),
                Err(what) => wrong.push(format!("{id}: {what}")),
            }
        }
        let without: Vec<ConversationId> = versions.into_keys().filter(|id| !self.turns.contains_key(id)).collect();
        wrong.extend(without.into_iter().map(|id| format!("{id} was kept and has no journal")));
        wrong.into_iter().for_each(|what| self.wrong(Wrong::Replay, what));
    }

    /// Who was once told of by both ids has one conversation by either.
    fn one_person_is_one_conversation(&mut self, world: &World) {
        let store = Store::of_memory(world.memory.clone(), world.shared.sealer.clone(), world.shared.clock.clone());
        let asking = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for patient in &world.joined {
            let resolve = |address| asking.block_on(async { store.resolve(&address).await.unwrap() });
            let (one, other) = (resolve(patient.address()), resolve(patient.other_address()));
            if one != other {
                self.wrong(Wrong::Alias, format!("{patient:?} has {one} and {other}"));
            }
        }
    }

    fn acknowledged_is_kept(&mut self, world: &World) {
        let kept: BTreeSet<&str> = self.turns.values().flatten().map(|entry| entry.event.id.as_str()).collect();
        let lost: Vec<String> = world.acknowledged.iter().filter(|id| !kept.contains(id.as_str())).cloned().collect();
        lost.into_iter().for_each(|id| self.wrong(Wrong::Lost, format!("{id} was acknowledged and has no effect")));
    }

    fn decided_is_sent(&mut self, world: &World) {
        let ledger = world.shared.ledger();
        let said = self.turns.values().flatten().flat_map(|entry| &entry.said);
        let missing: Vec<String> = said
            .filter(|said| !ledger.taken.contains_key(&said.outbox) && !self.ended.contains_key(&said.outbox))
            .map(|said| format!("{} ({})", said.outbox, said.purpose.word()))
            .collect();
        drop(ledger);
        missing.into_iter().for_each(|what| self.wrong(Wrong::Unsent, what));
    }

    fn order_is_kept(&mut self, world: &World) {
        // What comes again after so long that it may be a repeat decides on the same message again: it leaves at its first place, or, where
        // it was superseded there, at its last.
        let mut place: BTreeMap<&OutboxId, (usize, usize)> = BTreeMap::new();
        for entries in self.turns.values() {
            for (nth, said) in entries.iter().flat_map(|entry| &entry.said).enumerate() {
                place.entry(&said.outbox).or_insert((nth, nth)).1 = nth;
            }
        }
        let ledger = world.shared.ledger();
        let mut wrong = Vec::new();
        for (to, ids) in &ledger.first_taken {
            let places: Vec<(usize, usize)> = ids.iter().filter_map(|id| place.get(id).copied()).collect();
            if places.len() < ids.len() {
                wrong.push((Wrong::Unsent, format!("{to} was sent what no journal knows")));
                continue;
            }
            let mut furthest = 0;
            let late = places.iter().position(|(first, last)| {
                let at = if *first >= furthest { *first } else { *last };
                let late = at < furthest;
                furthest = at;
                late
            });
            if let Some(nth) = late {
                let decided = |id: &OutboxId| {
                    let all = self.turns.values().flatten().filter(|entry| entry.said.iter().any(|said| said.outbox == *id));
                    let turns: Vec<String> = all.map(|entry| format!("turn {} of `{}`", entry.n_turn, entry.event.id)).collect();
                    format!("{id} ({}, then {:?})", turns.join(", "), self.ended.get(id))
                };
                wrong.push((Wrong::Order, format!("to {to}: {} left after {}", decided(&ids[nth]), decided(&ids[nth - 1]))));
            }
        }
        drop(ledger);
        wrong.into_iter().for_each(|(kind, what)| self.wrong(kind, what));
    }
}

/// Every wake that is kept, in ms.
fn wakes(world: &World) -> BTreeMap<ConversationId, i64> {
    let all = intake::store::Held { shards: vec![(0, 0)] };
    let due = world.memory.state().due(&all, i64::MAX, usize::MAX);
    due.into_iter().map(|due| (due.conversation, due.at.as_millisecond())).collect()
}

/// Whether a call for a human may be gone after this turn: it is told, and somebody at the desk, STOP, or (of a routine one only) its
/// clock ended it.
fn is_heard(live: &Escalation, entry: &TurnEntry) -> bool {
    let told = entry.facts.iter().any(|fact| matches!(fact, Fact::EscalationChanged { escalation, .. } if *escalation == live.id));
    let by_somebody = match &entry.event.kind {
        EventKind::Desk { .. } => true,
        EventKind::Wake => live.urgency == Urgency::Routine,
        EventKind::Message { .. } | EventKind::Undeliverable { .. } => entry.facts.iter().any(|fact| matches!(fact, Fact::OptedOut)),
        EventKind::Start(_) | EventKind::Fault { .. } | EventKind::Notice { .. } => false,
    };
    told && by_somebody
}
