//! Stored values: any bytes, and valid ones with a bit turned.

use std::sync::OnceLock;

use intake::{
    base::{Address, Medium, clock::Clock},
    engine::{Conversation, Event},
    security::Sealer,
    store::{
        Entry, OutboxItem, TurnEntry,
        codec::{self, Header, Kind},
    },
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{choice, text};

const SCOPE: &str = "conversation-of-tests";
const KINDS: [Kind; 5] = [Kind::Conversation, Kind::OutboxItem, Kind::JournalEntry, Kind::Revision, Kind::Small];

fn sealer() -> &'static Sealer {
    static SEALER: OnceLock<Sealer> = OnceLock::new();
    SEALER.get_or_init(|| Sealer::parse(&Sealer::generate(&Clock::set_to(Timestamp::UNIX_EPOCH, 1))).unwrap())
}

fn sealed() -> &'static [u8] {
    static SEALED: OnceLock<Vec<u8>> = OnceLock::new();
    SEALED.get_or_init(|| {
        let mut conversation = Conversation::new(Address::new(Medium::Sms, "+15550100001"), "sms");
        conversation.n_turns = 3;
        let header = Header { etag: [7; 16], epoch: 2 };
        codec::encode(sealer(), &Clock::set_to(Timestamp::UNIX_EPOCH, 2), Kind::Conversation, SCOPE, header, &conversation).unwrap()
    })
}

/// Bytes as a stored value, as what was sealed, as a line of the journal, and as the place where a bit is turned.
pub fn codec(bytes: &[u8]) {
    let Some((kind, rest)) = choice(bytes, KINDS.len()) else { return };
    let kind = KINDS[kind];
    if rest != sealed() {
        assert!(codec::decode::<Conversation>(sealer(), kind, SCOPE, rest).is_err(), "what was never sealed opens");
    }
    turned(rest);
    stays::<Conversation>(rest);
    stays::<OutboxItem>(rest);
    stays::<TurnEntry>(rest);
    stays::<Event>(rest);
    line(&text(rest));
}

/// A bit turned anywhere, bytes cut off or put behind, another place: never opens.
fn turned(bytes: &[u8]) {
    let opens = |kind, scope: &str, stored: &[u8]| codec::decode::<Conversation>(sealer(), kind, scope, stored).is_ok();
    assert!(opens(Kind::Conversation, SCOPE, sealed()), "what was sealed does not open");
    let Some((place, rest)) = bytes.split_first_chunk::<2>() else { return };
    let place = usize::from(u16::from_be_bytes(*place));
    let mut turned = sealed().to_vec();
    let n_bytes = turned.len();
    turned[place / 8 % n_bytes] ^= 1 << (place % 8);
    assert!(!opens(Kind::Conversation, SCOPE, &turned), "opens with bit {place} turned");
    assert!(!opens(Kind::Conversation, SCOPE, &sealed()[..place % n_bytes]), "opens cut off at {}", place % n_bytes);
    assert!(!opens(Kind::OutboxItem, SCOPE, sealed()), "opens as another kind");
    let scope = text(rest);
    assert!(scope == SCOPE || !opens(Kind::Conversation, &scope, sealed()), "opens at another place");
    let longer = [sealed(), rest].concat();
    assert!(rest.is_empty() || !opens(Kind::Conversation, SCOPE, &longer), "opens with bytes behind it");
}

/// What can be read at all is written and read again as the same.
fn stays<T: DeserializeOwned + serde::Serialize>(bytes: &[u8]) {
    let Ok(value) = postcard::from_bytes::<T>(bytes) else { return };
    let Ok(written) = postcard::to_stdvec(&value) else { return };
    let again: T = postcard::from_bytes(&written).expect("what was written can be read");
    assert_eq!(postcard::to_stdvec(&again).unwrap(), written, "a value changes by being stored");
}

/// A line on a delivery.
fn line(line: &str) {
    let Ok(Entry::Delivery { outbox, state, code, at }) = codec::read_delivery_line(line) else { return };
    let written = codec::delivery_line(&outbox, state, code.as_deref().unwrap_or_default(), at.as_millisecond());
    let again = codec::read_delivery_line(&written).expect("what was written can be read");
    assert_eq!(again, Entry::Delivery { outbox, state, code, at });
}
