//! Random tokens: desk sessions, one-time links, API keys. What is stored is their hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base::{Private, clock::Clock};

/// Random bytes of a token: 256 bits, of which nobody guesses one.
const TOKEN_BYTES: usize = 32;

/// A new token: 43 characters that fit into an address or a cookie. Given out once; keep its [`TokenHash`].
pub fn new(clock: &Clock) -> Private<String> {
    Private::new(URL_SAFE_NO_PAD.encode(clock.random::<TOKEN_BYTES>()))
}

/// Random letters that are not mistaken for each other, five at a time, so that they can be read out: five bits a letter.
pub fn readable<const N: usize>(clock: &Clock) -> Private<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: u8| char::from(LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'x'));
    let letters: Vec<char> = clock.random::<N>().into_iter().map(letter).collect();
    Private::new(letters.chunks(5).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// The SHA-256 of a token, as 64 hex digits: what is stored, and what finds the stored one.
///
/// A fast hash is enough, since tokens are random and long; what an operator chose (an API secret) must be random too.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token)))
    }

    /// Reads a stored hash; `None` where it is none.
    pub fn from_hex(text: &str) -> Option<Self> {
        let hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| Self(text.to_owned()))
    }

    /// The 64 hex digits.
    pub fn as_hex(&self) -> &str {
        &self.0
    }

    /// Whether a token has this hash, in constant time.
    pub fn matches(&self, token: &str) -> bool {
        *self == Self::of(token)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 1);
        let (token, other) = (new(&clock), new(&clock));
        assert_eq!(token.reveal().len(), 43);
        assert_ne!(token, other);
        let stored = TokenHash::from_hex(TokenHash::of(token.reveal()).as_hex()).unwrap();
        assert!(stored.matches(token.reveal()));
        assert!(!stored.matches(other.reveal()));
        assert!(!stored.matches(""));
        assert_eq!(TokenHash::from_hex("abc"), None);
    }

    #[test]
    fn readable_letters_come_five_at_a_time() {
        let text = readable::<15>(&Clock::set_to(Timestamp::UNIX_EPOCH, 1));
        let parts: Vec<&str> = text.reveal().split('-').collect();
        assert!(parts.len() == 3 && parts.iter().all(|part| part.len() == 5), "{parts:?}");
        assert!(!text.reveal().contains(['0', '1', 'l', 'o']));
    }

    #[test]
    fn tokens_of_the_machine_differ() {
        assert_ne!(new(&Clock::machine()), new(&Clock::machine()));
    }
}
