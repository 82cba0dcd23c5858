//! The stored form of every value: versioned, sealed, and bound to its place.
//!
//! ```text
//! format (1) · etag (16) · epoch (8, big-endian) · sealed(postcard of the value)
//! ```
//! The first 25 bytes stand in the clear, because a script in the store must compare them: the etag on commit, the conversation's
//! epoch on begin. They are authenticated together with the kind of the value and its scope (the conversation's id, the outbox item's
//! id …), so that a value copied to another conversation, or given another epoch, does not open.
//!
//! Lines of the journal that tell how far a message got hold nothing private and are made by the store itself: they are text.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::contract::{Entry, Etag, SentState, StoreError};
use crate::{
    base::{clock::Clock, id::OutboxId, limit},
    channel::Delivery,
    engine::event::Undeliverable,
    security::{SEAL_BYTES, Sealer},
};

/// The only format that was ever in service. A change of any stored type is a new number here, with a reader for the old one.
const FORMAT: u8 = 1;
/// Bytes that stand in the clear before the sealed value.
pub const HEADER_BYTES: usize = 1 + 16 + 8;
/// Bytes of one stored revision: all files of a flow, its translations, partials and called flows.
pub const REVISION_BYTES: usize = 8 * limit::FLOW_FILE_BYTES;

/// Room for most values before they are sealed: what grows is copied.
const USUAL_BYTES: usize = 1_536;

/// What a stored value is: part of what is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A conversation; scope: its id.
    Conversation,
    /// An item of the outbox; scope: its id, which begins with the conversation's.
    OutboxItem,
    /// A line of the journal; scope: the conversation's id, empty for faults.
    JournalEntry,
    /// A revision; scope: its hash.
    Revision,
    /// A small value; scope: its key.
    Small,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Conversation => b'c',
            Self::OutboxItem => b'o',
            Self::JournalEntry => b'j',
            Self::Revision => b'r',
            Self::Small => b's',
        }
    }

    /// Its word in errors, and its limit in bytes.
    const fn word_and_limit(self) -> (&'static str, usize) {
        match self {
            Self::Conversation => ("conversation", limit::STORED_VALUE_BYTES),
            Self::OutboxItem => ("outbox item", limit::STORED_VALUE_BYTES),
            Self::JournalEntry => ("journal entry", limit::STORED_VALUE_BYTES),
            Self::Revision => ("revision", REVISION_BYTES),
            Self::Small => ("small value", limit::STORED_VALUE_BYTES),
        }
    }
}

/// What stands in the clear before a sealed value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The version of the conversation.
    pub etag: Etag,
    /// The conversation's epoch.
    pub epoch: u64,
}

impl Header {
    /// Reads it; `None` where the bytes are too few or of a format that is not known.
    pub fn read(stored: &[u8]) -> Option<Self> {
        let (head, _) = stored.split_at_checked(HEADER_BYTES)?;
        let (format, rest) = head.split_first()?;
        let (etag, epoch) = rest.split_first_chunk::<16>()?;
        (*format == FORMAT).then_some(())?;
        Some(Self { etag: *etag, epoch: u64::from_be_bytes(epoch.try_into().ok()?) })
    }

    fn write(self) -> Vec<u8> {
        [&[FORMAT], self.etag.as_slice(), &self.epoch.to_be_bytes()].concat()
    }
}

/// Puts a value into its stored form.
///
/// # Errors
/// [`StoreError::TooLarge`] where it is over its limit.
pub fn encode<T: Serialize>(
    sealer: &Sealer,
    clock: &Clock,
    kind: Kind,
    scope: &str,
    header: Header,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    let (what, limit) = kind.word_and_limit();
    let plain = postcard::to_extend(value, Vec::with_capacity(USUAL_BYTES))
        .map_err(|_| StoreError::Configuration(format!("a {what} has no stored form")))?;
    let head = header.write();
    let mut stored = Vec::with_capacity(head.len() + plain.len() + SEAL_BYTES);
    stored.extend_from_slice(&head);
    sealer.seal_onto(&mut stored, clock, &aad(&head, kind, scope), &plain);
    if stored.len() > limit {
        return Err(StoreError::TooLarge { what, limit });
    }
    Ok(stored)
}

/// Reads a stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] where it is of an unknown format, was changed or moved, or was sealed with another key.
pub fn decode<T: DeserializeOwned>(sealer: &Sealer, kind: Kind, scope: &str, stored: &[u8]) -> Result<(Header, T), StoreError> {
    let (what, _) = kind.word_and_limit();
    let corrupt = || StoreError::Corrupt(format!("{what} `{scope}`"));
    let header = Header::read(stored).ok_or_else(corrupt)?;
    let (head, sealed) = stored.split_at_checked(HEADER_BYTES).ok_or_else(corrupt)?;
    let plain = sealer.open(&aad(head, kind, scope), sealed).map_err(|_| {
        metrics::counter!("intake_not_opened_total", "what" => what).increment(1);
        corrupt()
    })?;
    let (value, rest) = postcard::take_from_bytes(&plain).map_err(|_| corrupt())?;
    if rest.is_empty() { Ok((header, value)) } else { Err(corrupt()) }
}

/// The same stored form sealed with the key that seals now; its header stays.
///
/// # Errors
/// [`StoreError::Corrupt`] where it does not open.
pub fn reseal(sealer: &Sealer, clock: &Clock, kind: Kind, scope: &str, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (what, _) = kind.word_and_limit();
    let corrupt = || StoreError::Corrupt(format!("{what} `{scope}`"));
    let (head, sealed) = stored.split_at_checked(HEADER_BYTES).ok_or_else(corrupt)?;
    let aad = aad(head, kind, scope);
    let plain = sealer.open(&aad, sealed).map_err(|_| corrupt())?;
    Ok([head, &sealer.seal(clock, &aad, &plain)].concat())
}

fn aad(header: &[u8], kind: Kind, scope: &str) -> Vec<u8> {
    [header, &[kind.byte()], scope.as_bytes()].concat()
}

/// The journal's line on how far a message got: `ms of time <tab> outbox id <tab> state <tab> the provider's code`.
pub fn delivery_line(outbox: &OutboxId, state: SentState, code: &str, at_ms: i64) -> String {
    format!("{at_ms}\t{outbox}\t{}\t{code}", state_word(state))
}

/// Reads such a line.
///
/// # Errors
/// [`StoreError::Corrupt`] where it is none.
pub fn read_delivery_line(line: &str) -> Result<Entry, StoreError> {
    let corrupt = || StoreError::Corrupt("a line of the journal".to_owned());
    let mut parts = line.splitn(4, '\t');
    let mut next = || parts.next().ok_or_else(corrupt);
    let at_ms = next()?.parse::<i64>().map_err(|_| corrupt())?;
    let outbox = OutboxId(next()?.to_owned());
    let state = state_of_word(next()?).ok_or_else(corrupt)?;
    let code = Some(next()?.to_owned()).filter(|code| !code.is_empty());
    let at = Timestamp::from_millisecond(at_ms).map_err(|_| corrupt())?;
    Ok(Entry::Delivery { outbox, state, code, at })
}

const STATES: [(SentState, &str); 12] = [
    (SentState::Delivery(Delivery::Accepted), "accepted"),
    (SentState::Delivery(Delivery::Sent), "sent"),
    (SentState::Delivery(Delivery::Delivered), "delivered"),
    (SentState::Delivery(Delivery::Read), "read"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::OptedOut)), "failed:opted-out"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::WrongNumber)), "failed:wrong-number"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::WindowShut)), "failed:window-shut"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::Content)), "failed:content"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::Configuration)), "failed:configuration"),
    (SentState::Delivery(Delivery::Failed(Undeliverable::GaveUp)), "failed:gave-up"),
    (SentState::Superseded, "superseded"),
    (SentState::Cancelled, "cancelled"),
];

/// The word of a state in lines of the journal.
pub fn state_word(state: SentState) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word)
}

fn state_of_word(word: &str) -> Option<SentState> {
    STATES.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> (Sealer, Clock) {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 3);
        (Sealer::parse(&Sealer::generate(&clock)).unwrap(), clock)
    }

    #[test]
    fn a_value_opens_only_as_its_kind_in_its_place_with_its_header() {
        let (sealer, clock) = sealer();
        let header = Header { etag: [7; 16], epoch: 5 };
        let stored = encode(&sealer, &clock, Kind::Conversation, "a", header, &"words".to_owned()).unwrap();
        let (read, value): (Header, String) = decode(&sealer, Kind::Conversation, "a", &stored).unwrap();
        assert_eq!((read, value.as_str()), (header, "words"));
        assert!(decode::<String>(&sealer, Kind::Conversation, "b", &stored).is_err());
        assert!(decode::<String>(&sealer, Kind::OutboxItem, "a", &stored).is_err());
        for n in 0..stored.len() {
            let mut changed = stored.clone();
            changed[n] ^= 1;
            assert!(matches!(decode::<String>(&sealer, Kind::Conversation, "a", &changed), Err(StoreError::Corrupt(_))), "byte {n}");
            assert!(decode::<String>(&sealer, Kind::Conversation, "a", &stored[..n]).is_err(), "{n} bytes");
        }
    }

    #[test]
    fn a_value_of_another_shape_is_corrupt_not_a_panic() {
        let (sealer, clock) = sealer();
        let stored = encode(&sealer, &clock, Kind::Small, "k", Header::default(), &(1_u8, 2_u8)).unwrap();
        assert!(decode::<u8>(&sealer, Kind::Small, "k", &stored).is_err());
        assert!(decode::<(u8, u8, u8)>(&sealer, Kind::Small, "k", &stored).is_err());
    }

    #[test]
    fn what_is_over_its_limit_is_refused() {
        let (sealer, clock) = sealer();
        let long = "x".repeat(limit::STORED_VALUE_BYTES);
        let refused = encode(&sealer, &clock, Kind::Conversation, "a", Header::default(), &long);
        assert!(matches!(refused, Err(StoreError::TooLarge { what: "conversation", limit: limit::STORED_VALUE_BYTES })));
        assert!(encode(&sealer, &clock, Kind::Revision, "a", Header::default(), &long).is_ok());
    }

    #[test]
    fn every_state_of_a_message_is_read_back_from_its_line() {
        for (state, word) in STATES {
            let outbox = OutboxId("a.b".into());
            let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
            let line = delivery_line(&outbox, state, "63016\ttab", at.as_millisecond());
            assert_eq!(
                read_delivery_line(&line).unwrap(),
                Entry::Delivery { outbox, state, code: Some("63016\ttab".into()), at },
                "{word}"
            );
        }
        assert!(read_delivery_line("1\ta.b\tlost\t").is_err());
        assert!(read_delivery_line("").is_err());
    }
}
