//! What must hold when all is over, read from the real store, its record and the provider's book.

use std::collections::{BTreeMap, BTreeSet};

use intake::{
    base::{
        Address, Medium, Private,
        clock::Clock,
        id::{ConversationId, OutboxId},
    },
    channel::Delivery,
    config::Settings,
    engine::{self, EventKind, Fact},
    records::Records,
    runtime::start,
    store::{Cursor, Entry, Held, Line, SentState, Store, TurnEntry},
};
use jiff::Timestamp;

use super::{
    people::{self, Patient, Said},
    provider::Taken,
};
use crate::support::replay::replay;

/// Lines of the journal that are asked for at once.
const PAGE: usize = 5_000;

/// What is in the store and in its record.
pub struct Kept {
    settings: Settings,
    store: Store,
    turns: BTreeMap<ConversationId, Vec<TurnEntry>>,
    /// Messages that did not leave, for a reason that is known.
    ended: BTreeSet<OutboxId>,
    /// When it was first kept that a message is with its provider.
    pub settled: BTreeMap<String, Timestamp>,
    /// Items that still wait.
    pub outbox: u64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Acknowledged, and not in the journal or never said back.
    pub lost: Vec<(u64, u64)>,
    /// Decided, and never sent.
    pub unsent: Vec<String>,
    /// In the journal twice, or said back by two messages.
    pub effects_doubled: Vec<String>,
    /// Left in another order than decided.
    pub order_at_provider: Vec<String>,
    /// Journals with gaps, or words in another order than written.
    pub order_in_journal: Vec<String>,
    /// Conversations that are not what their journals make.
    pub otherwise: Vec<String>,
    /// Words that reached another patient, or another's conversation.
    pub cross_talk: Vec<String>,
    /// Reminders that came twice, too early, or not at all.
    pub wakes_wrong: Vec<String>,
    /// Reminders, each once.
    pub wakes: usize,
    pub conversations: usize,
}

impl Kept {
    /// Reads all of it, once no node writes any more. What is archived is part of it, unless the store came back older than it was: then
    /// the archive has what the store lost.
    pub async fn read(config: &std::path::Path, store: &str, rolled_back: bool) -> Self {
        let settings = Settings::read(config).unwrap();
        let (clock, records) = (Clock::machine(), config.with_file_name("records.db"));
        let sealer = settings.seal.sealer(&clock).unwrap();
        let store = Self::look(config, store).await;
        let records = Records::open(&format!("sqlite:{}", records.display()), sealer, clock).await.unwrap();
        let mut lines: Vec<Line> = Vec::new();
        let mut page = if rolled_back { Vec::new() } else { records.archived(0).await.unwrap() };
        while let Some(last) = page.last().map(|(n, _)| *n) {
            lines.extend(page.into_iter().map(|(_, line)| line));
            page = records.archived(last).await.unwrap();
        }
        let archived: BTreeSet<_> = lines.iter().map(|line| line.cursor.clone()).collect();
        let (outbox, _) = store.depth().await.unwrap();
        let held = Held { shards: (0..256).map(|shard| (shard, 0)).collect() };
        // Page by page: a long journal does not come in one answer, and what a server cannot answer in time is left out.
        let mut after: BTreeMap<u16, Cursor> = BTreeMap::new();
        loop {
            let cursors: Vec<Cursor> = after.values().cloned().collect();
            let rest = store.journal(&held, &cursors, PAGE).await.unwrap();
            if rest.is_empty() {
                break;
            }
            after.extend(rest.iter().map(|line| (line.cursor.shard, line.cursor.clone())));
            lines.extend(rest.into_iter().filter(|line| !archived.contains(&line.cursor)));
        }
        let mut kept = Self { settings, store, turns: BTreeMap::new(), ended: BTreeSet::new(), settled: BTreeMap::new(), outbox };
        for line in lines {
            match (line.conversation, line.entry) {
                (Some(id), Entry::Turn(entry)) => kept.turns.entry(id).or_default().push(*entry),
                (_, Entry::Delivery { outbox, state, at, .. }) => {
                    if matches!(state, SentState::Delivery(Delivery::Accepted | Delivery::Sent | Delivery::Delivered | Delivery::Read)) {
                        let first = kept.settled.entry(outbox.as_str().to_owned()).or_insert(at);
                        *first = at.min(*first);
                    } else {
                        kept.ended.insert(outbox);
                    }
                }
                (_, Entry::Turn(_) | Entry::Fault { .. } | Entry::Erased { .. }) => {}
            }
        }
        kept
    }

    /// The store alone.
    pub async fn look(config: &std::path::Path, store: &str) -> Store {
        let (settings, clock) = (Settings::read(config).unwrap(), Clock::machine());
        let sealer = settings.seal.sealer(&clock).unwrap();
        Store::open(store, sealer, clock).await.unwrap().0
    }

    /// Judges. Where the store came back older than it was (`rolled_back`), what is missing in it is no finding but `lost`, which is
    /// then what the journal does not have; nor is what the provider had before.
    pub async fn judge(&self, patients: &[Patient], taken: &[Taken], rolled_back: bool) -> Findings {
        let mut found = Findings { conversations: self.turns.len(), ..Findings::default() };
        let mut by_number: BTreeMap<&str, Vec<&Taken>> = BTreeMap::new();
        for one in taken {
            by_number.entry(&one.to).or_default().push(one);
        }
        for patient in patients {
            let number = people::number(patient.n);
            let id = self.store.conversation_id(&Address { medium: Medium::Sms, id: Private::new(number.clone()) });
            let entries = self.turns.get(&id).map_or(&[][..], Vec::as_slice);
            let sends = by_number.remove(number.as_str()).unwrap_or_default();
            found.journal(&number, patient, entries, rolled_back);
            if !rolled_back {
                found.sends(&number, patient, entries, &sends, &self.ended);
            }
            for one in sends.iter().filter(|one| matches!(one.said, Said::Word { patient: of, .. } if of != patient.n)) {
                found.cross_talk.push(format!("{number} was sent {:?}", one.said));
            }
        }
        found.cross_talk.extend(by_number.keys().map(|number| format!("{number} was sent something and never wrote")));
        self.replayed(&mut found).await;
        found
    }

    async fn replayed(&self, found: &mut Findings) {
        let shelf = start::shelf(&self.settings).unwrap();
        let settings = &self.settings;
        let agency = settings.agency.agency();
        let desk = engine::Desk { hours: settings.desk.hours.clone(), on_call: Vec::new() };
        let confirmed = ["sms".to_owned()];
        for (id, entries) in &self.turns {
            let around = |_| engine::World {
                library: &shelf.library,
                agency: &agency,
                desk: &desk,
                welcome: Some("echo"),
                stop_confirmed_by_provider: &confirmed,
                flood: self.settings.flood,
            };
            match self.store.load(id).await {
                Ok(Some(loaded)) => match replay(&loaded.conversation.address, entries, around, |_, _, _| {}) {
                    Ok(replayed) if replayed == loaded.conversation => {}
                    Ok(_) => found.otherwise.push(format!("{id} is not what its {} turns make", entries.len())),
                    Err(what) => found.otherwise.push(format!("{id}: {what}")),
                },
                Ok(None) => found.otherwise.push(format!("{id} has a journal and no conversation")),
                Err(error) => found.otherwise.push(format!("{id}: {error}")),
            }
        }
    }
}

impl Findings {
    fn journal(&mut self, number: &str, patient: &Patient, entries: &[TurnEntry], rolled_back: bool) {
        let mut events = BTreeMap::new();
        let (mut last_turn, mut last_word) = (0, 0);
        for (nth, entry) in entries.iter().enumerate() {
            // A wake that found nothing to do moves only itself: no turn.
            let idle = matches!(entry.event.kind, EventKind::Wake) && entry.facts.is_empty();
            if entry.n_turn != last_turn + 1 && !(idle && entry.n_turn == last_turn) {
                self.order_in_journal.push(format!("{number}: turn {} after turn {last_turn}", entry.n_turn));
                break;
            }
            last_turn = entry.n_turn;
            let doubted = entry.facts.iter().any(|fact| matches!(fact, Fact::PerhapsRepeated { .. }));
            if !idle && !doubted && events.insert(entry.event.id.as_str(), nth).is_some() {
                self.effects_doubled.push(format!("{number}: {} is in the journal twice", entry.event.id));
            }
            if matches!(entry.event.kind, EventKind::Wake) && entry.now < entry.event.at {
                self.wakes_wrong.push(format!("{number}: {} came at {}", entry.event.id, entry.now));
            }
            for said in &entry.said {
                match Said::read(said.text.reveal()) {
                    Said::Word { patient: of, word } => {
                        if of != patient.n {
                            self.cross_talk.push(format!("{number}: a word of {of} is in the journal"));
                        }
                        if word <= last_word && !doubted && !rolled_back {
                            self.order_in_journal.push(format!("{number}: m{word} after m{last_word}"));
                        }
                        last_word = word;
                    }
                    Said::Reminder => self.wakes += 1,
                    Said::Question | Said::Other => {}
                }
            }
        }
        let words = (1..).zip(&patient.acknowledged).map(|(word, _)| word);
        self.lost.extend(words.filter(|word| !events.contains_key(people::sid(patient.n, *word).as_str())).map(|word| (patient.n, word)));
    }

    fn sends(&mut self, number: &str, patient: &Patient, entries: &[TurnEntry], sends: &[&Taken], ended: &BTreeSet<OutboxId>) {
        let decided: Vec<&OutboxId> = entries.iter().flat_map(|entry| &entry.said).map(|said| &said.outbox).collect();
        let place: BTreeMap<&str, usize> = decided.iter().enumerate().map(|(nth, id)| (id.as_str(), nth)).collect();
        let mut first = BTreeSet::new();
        let mut last = 0;
        let mut said: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
        for one in sends {
            if let Some(word) = one.said.word() {
                said.entry(word).or_default().insert(&one.outbox);
            }
            if !first.insert(one.outbox.as_str()) {
                continue;
            }
            match place.get(one.outbox.as_str()) {
                None => self.order_at_provider.push(format!("{number} was sent {}, which no journal knows", one.outbox)),
                Some(nth) if *nth < last => self.order_at_provider.push(format!("{number}: {} came late", one.outbox)),
                Some(nth) => last = *nth,
            }
        }
        self.effects_doubled
            .extend(said.iter().filter(|(_, ids)| ids.len() > 1).map(|(word, _)| format!("{number}: m{word} was said twice")));
        let words = (1..).zip(&patient.acknowledged).map(|(word, _)| word);
        self.lost.extend(words.filter(|word| !said.contains_key(word)).map(|word| (patient.n, word)));
        let unsent = decided.into_iter().filter(|id| !first.contains(id.as_str()) && !ended.contains(*id));
        self.unsent.extend(unsent.map(|id| format!("{number}: {id}")));
    }
}
