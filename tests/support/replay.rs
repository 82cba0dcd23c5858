//! The pure engine taken through a journal: a stored conversation must be what its journal makes.

use intake::{
    base::Address,
    engine::{self, Conversation, EventKind, Fact, Outcome, Step, World},
    store::TurnEntry,
};

/// What the turns of a conversation make, each in its world (by its place in the journal). `seen` is shown each: what was before, the
/// step, its line.
///
/// # Errors
/// The first turn that goes another way than it was kept.
pub fn replay<'a>(
    address: &Address,
    entries: &[TurnEntry],
    around: impl Fn(usize) -> World<'a>,
    mut seen: impl FnMut(&Conversation, &Step, &TurnEntry),
) -> Result<Conversation, String> {
    let mut replayed = Conversation::new(address.clone(), first_channel(entries));
    for (nth, entry) in entries.iter().enumerate() {
        let step = engine::step(&around(nth), &replayed, &entry.event, entry.now);
        seen(&replayed, &step, entry);
        let idle = is_idle(&step, entry);
        replayed = step.conversation;
        engine::remember_said(&mut replayed, entry.said.iter().map(|said| &said.text));
        let facts: Vec<Fact> = step
            .effects
            .into_iter()
            .filter_map(|effect| match effect {
                engine::Effect::Fact(fact) => Some(fact),
                engine::Effect::Say(_) | engine::Effect::Deliver(_) => None,
            })
            .collect();
        if !idle && (step.outcome != Outcome::Changed || facts != entry.facts || replayed.n_turns != entry.n_turn) {
            let (n_turn, event) = (entry.n_turn, &entry.event.id);
            return Err(format!("turn {n_turn} ({event}) replays otherwise: {:?}, turn {}", step.outcome, replayed.n_turns));
        }
    }
    Ok(replayed)
}

/// Whether a turn was a wake that found nothing to do.
pub fn is_idle(step: &Step, entry: &TurnEntry) -> bool {
    matches!(entry.event.kind, EventKind::Wake) && entry.facts.is_empty() && step.outcome == Outcome::Repeated
}

fn first_channel(entries: &[TurnEntry]) -> String {
    let channel = entries.first().map(|entry| match &entry.event.kind {
        EventKind::Message { channel, .. } => channel.clone(),
        EventKind::Start(start) => start.channel.clone(),
        EventKind::Fault { during, .. } => match during.as_ref() {
            EventKind::Message { channel, .. } => channel.clone(),
            _ => "sms".to_owned(),
        },
        EventKind::Wake | EventKind::Undeliverable { .. } | EventKind::Desk { .. } | EventKind::Notice { .. } => "sms".to_owned(),
    });
    channel.unwrap_or_default()
}
