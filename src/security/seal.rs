//! Sealing of what is stored, and keyed hashes of what must be found again.
//!
//! A key file holds one *index key*, which makes keyed hashes of addresses and look-up values, and one or more *data keys*, which seal.
//! The newest data key (the highest id whose time has come) seals, all of them open: so a key is rotated by adding a line, and an old
//! line is removed once nothing sealed with it is left. A new line says from when it seals, so that every process has read it before any
//! seals with it. The index key stays for the life of a deployment: every key in the store is made with it.
//!
//! ```text
//! # Intake's keys. …
//! index 5f0c…  (64 hex digits)
//! data 1 9b17…
//! data 2 c402… from 2026-07-01T12:00:00Z
//! ```
//!
//! A sealed value is `format (1) · key id (2, big-endian) · nonce (12) · AES-256-GCM-SIV ciphertext and tag (n + 16)`. The header
//! and the caller's own words about where the value belongs (`aad`) are authenticated with it: a value moved elsewhere does not open.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{Aead, AeadInOut, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base::clock::Clock;

/// The only format so far.
const FORMAT: u8 = 1;
/// Format, key id and nonce, in bytes.
const HEADER_BYTES: usize = 1 + 2 + NONCE_BYTES;
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;
/// Bytes that sealing adds to a value.
pub const SEAL_BYTES: usize = HEADER_BYTES + 16;

/// Seals and opens values, and makes keyed hashes. Cheap to clone; all clones have the same keys, also after [`Sealer::reload`]. Shows
/// nothing of its keys.
#[derive(Clone)]
pub struct Sealer(Arc<RwLock<Arc<Keys>>>);

struct Keys {
    index: Hmac<Sha256>,
    data: BTreeMap<u16, DataKey>,
}

struct DataKey {
    cipher: Aes256GcmSiv,
    /// Before this it opens and does not seal.
    from: Timestamp,
}

impl Keys {
    /// The key that seals now: the highest id whose time has come; where none has, the lowest.
    fn sealing(&self, now: Timestamp) -> Option<(u16, &Aes256GcmSiv)> {
        let ripe = self.data.iter().rev().find(|(_, key)| key.from <= now).or_else(|| self.data.first_key_value());
        ripe.map(|(id, key)| (*id, &key.cipher))
    }

    fn keyed_hash(&self, what: &str, bytes: &[u8]) -> [u8; 16] {
        let mut mac = self.index.clone();
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut cut = [0; 16];
        cut.copy_from_slice(whole.split_at(16).0);
        cut
    }
}

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is no sealed value, or one of a newer format.
    #[error("it is no sealed value of a known format")]
    Format,
    /// The key file has no such key.
    #[error("it was sealed with key {0}, which the key file does not hold")]
    UnknownKey(u16),
    /// It was changed, moved from where it belongs, or sealed with another key of the same id.
    #[error("it was changed, moved, or sealed with another key")]
    Refused,
}

impl Sealer {
    /// The text of a new key file: an index key and data key 1.
    pub fn generate(clock: &Clock) -> String {
        let index = hex::encode(clock.random::<KEY_BYTES>());
        let data = hex::encode(clock.random::<KEY_BYTES>());
        format!(
            "# Intake's keys. Keep this file secret and keep a copy of it apart from the store's: without it nothing stored can be read.\n\
             # The highest data key seals, all of them open. The index key must never change.\n\
             index {index}\n\
             data 1 {data}\n"
        )
    }

    /// The text of a key file with one more data key: the next id, which seals after so many seconds. Until then every process that
    /// shares the file must have read it.
    ///
    /// # Errors
    /// As for [`Sealer::parse`], and where the ids are used up.
    pub fn rotated(text: &str, clock: &Clock, after_s: u32) -> Result<String, String> {
        let id = Self::parse(text)?.newest_key_id().checked_add(1).ok_or("data key 65535 is the last there can be")?;
        let from = clock.now().checked_add(SignedDuration::from_secs(i64::from(after_s))).map_err(|_| "this is too far ahead")?;
        Ok(format!("{}\ndata {id} {} from {from}\n", text.trim_end(), hex::encode(clock.random::<KEY_BYTES>())))
    }

    /// Takes the keys of another text of the same key file, for all clones; whether anything is new.
    ///
    /// # Errors
    /// As for [`Sealer::parse`], and where the index key is another. The keys stay as they were.
    pub fn reload(&self, text: &str) -> Result<bool, String> {
        let (new, old) = (Self::parse(text)?.keys(), self.keys());
        if new.keyed_hash("reload", b"") != old.keyed_hash("reload", b"") {
            return Err("the index key is another; a deployment has one for life".to_owned());
        }
        let ids = |keys: &Keys| keys.data.iter().map(|(id, key)| (*id, key.from)).collect::<Vec<_>>();
        let changed = ids(&new) != ids(&old);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(changed)
    }

    fn keys(&self) -> Arc<Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// What is wrong, by line, without anything of a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut index = None;
        let mut data = BTreeMap::new();
        for (n, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["index", key] => {
                    let key = read_key(key, n)?;
                    let hash = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice())
                        .map_err(|_| format!("line {n}: the index key is unfit"))?;
                    if index.replace(hash).is_some() {
                        return Err(format!("line {n}: there is a second index key; a deployment has one for life"));
                    }
                }
                ["data", id, key, rest @ ..] => {
                    let id = id.parse::<u16>().map_err(|_| format!("line {n}: a data key's id is a number from 0 to 65535"))?;
                    let key: &[u8; KEY_BYTES] = &*read_key(key, n)?;
                    let cipher = Aes256GcmSiv::new(key.into());
                    let from = match rest {
                        [] => Timestamp::MIN,
                        ["from", at] => at.parse().map_err(|_| format!("line {n}: write a time as in `from 2026-07-01T12:00:00Z`"))?,
                        _ => return Err(format!("line {n}: after a data key may stand `from` and a time")),
                    };
                    if data.insert(id, DataKey { cipher, from }).is_some() {
                        return Err(format!("line {n}: there is a second data key {id}"));
                    }
                }
                _ => return Err(format!("line {n}: write `index KEY` or `data ID KEY`, a key being 64 hex digits")),
            }
        }
        let index = index.ok_or("there is no line `index KEY`")?;
        if data.is_empty() {
            return Err("there is no line `data ID KEY`".to_owned());
        }
        Ok(Self(Arc::new(RwLock::new(Arc::new(Keys { index, data })))))
    }

    /// Seals a value. `aad` says where it belongs; it must be given again to open it.
    pub fn seal(&self, clock: &Clock, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plain.len() + SEAL_BYTES);
        self.seal_onto(&mut sealed, clock, aad, plain);
        sealed
    }

    /// The same, put behind what stands before it.
    ///
    /// # Panics
    /// As [`Sealer::seal`].
    pub fn seal_onto(&self, stored: &mut Vec<u8>, clock: &Clock, aad: &[u8], plain: &[u8]) {
        let keys = self.keys();
        #[expect(clippy::expect_used, reason = "a key file without a data key is refused when it is read")]
        let (id, cipher) = keys.sealing(clock.now()).expect("there is a data key");
        let nonce = clock.random::<NONCE_BYTES>();
        let [high, low] = id.to_be_bytes();
        let from = stored.len();
        stored.extend_from_slice(&[FORMAT, high, low]);
        stored.extend_from_slice(&nonce);
        let aad = with_header(stored.get(from..).unwrap_or_default(), aad);
        let from = stored.len();
        stored.extend_from_slice(plain);
        #[expect(clippy::expect_used, reason = "the cipher takes up to 64 GiB, which no value in memory here reaches")]
        let tag = cipher
            .encrypt_inout_detached(&Nonce::from(nonce), &aad, stored.get_mut(from..).unwrap_or_default().into())
            .expect("a value below 64 GiB is sealed");
        stored.extend_from_slice(&tag);
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// Where it is none, its key is missing, or it is not what was sealed for this place. Never says anything of the value.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (header, body) = sealed.split_at_checked(HEADER_BYTES).ok_or(SealError::Format)?;
        let id = Self::key_id_of(sealed).ok_or(SealError::Format)?;
        let nonce: [u8; NONCE_BYTES] = header.get(3..).and_then(|bytes| bytes.try_into().ok()).ok_or(SealError::Format)?;
        let keys = self.keys();
        let key = keys.data.get(&id).ok_or(SealError::UnknownKey(id))?;
        let aad = with_header(header, aad);
        key.cipher.decrypt(&Nonce::from(nonce), Payload { msg: body, aad: &aad }).map_err(|_| SealError::Refused)
    }

    /// A keyed hash for finding something again without keeping it: HMAC-SHA256 over what kind of thing it is and its bytes, cut to
    /// 16 bytes. The same thing gives the same hash for the life of the deployment.
    pub fn keyed_hash(&self, what: &str, bytes: &[u8]) -> [u8; 16] {
        self.keys().keyed_hash(what, bytes)
    }

    /// The highest id: the key that seals, or will.
    pub fn newest_key_id(&self) -> u16 {
        self.keys().data.last_key_value().map_or(0, |(id, _)| *id)
    }

    /// The id of the key that seals now.
    pub fn sealing_key_id(&self, now: Timestamp) -> u16 {
        self.keys().sealing(now).map_or(0, |(id, _)| id)
    }

    /// How many data keys there are: with one alone there is nothing to seal anew.
    pub fn n_keys(&self) -> usize {
        self.keys().data.len()
    }

    /// The id of the key that a value was sealed with; `None` where it is no sealed value. For sweeps after a rotation.
    pub fn key_id_of(sealed: &[u8]) -> Option<u16> {
        match sealed {
            [FORMAT, high, low, rest @ ..] if rest.len() >= SEAL_BYTES - 3 => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(data keys {:?})", self.keys().data.keys().collect::<Vec<_>>())
    }
}

fn with_header(header: &[u8], aad: &[u8]) -> Vec<u8> {
    [header, aad].concat()
}

/// A key, wiped when it is dropped; what is made of it wipes itself as well.
fn read_key(text: &str, n_line: usize) -> Result<Zeroizing<[u8; KEY_BYTES]>, String> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    hex::decode_to_slice(text, key.as_mut_slice()).map_err(|_| format!("line {n_line}: a key is 64 hex digits"))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn clock() -> Clock {
        Clock::set_to(Timestamp::UNIX_EPOCH, 11)
    }

    fn sealer() -> Sealer {
        Sealer::parse(&Sealer::generate(&clock())).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_only_where_it_belongs() {
        let sealer = sealer();
        let sealed = sealer.seal(&clock(), b"place", b"fever since Monday");
        assert_eq!(sealed.len(), 18 + SEAL_BYTES);
        assert_eq!(sealer.open(b"place", &sealed).unwrap(), b"fever since Monday");
        assert_eq!(sealer.open(b"elsewhere", &sealed), Err(SealError::Refused));
        assert!(!sealed.windows(5).any(|bytes| bytes == b"fever"));
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unnoticed() {
        let sealer = sealer();
        let sealed = sealer.seal(&clock(), b"", b"7");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open(b"", &changed).is_err(), "bit {bit}");
        }
        for n in 0..sealed.len() {
            assert!(sealer.open(b"", &sealed[..n]).is_err(), "{n} bytes");
        }
    }

    #[test]
    fn after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() {
        let clock = clock();
        let old_text = Sealer::generate(&clock);
        let old = Sealer::parse(&old_text).unwrap();
        let new = Sealer::parse(&Sealer::rotated(&old_text, &clock, 0).unwrap()).unwrap();
        let before = old.seal(&clock, b"a", b"x");
        let after = new.seal(&clock, b"a", b"x");
        assert_eq!((Sealer::key_id_of(&before), Sealer::key_id_of(&after)), (Some(1), Some(2)));
        assert_eq!(new.open(b"a", &before).unwrap(), b"x");
        assert_eq!(old.open(b"a", &after), Err(SealError::UnknownKey(2)));
        assert_eq!(old.keyed_hash("address", b"sms:+1"), new.keyed_hash("address", b"sms:+1"));
    }

    #[test]
    fn a_new_key_opens_at_once_and_seals_when_its_time_has_come() {
        let clock = clock();
        let text = Sealer::generate(&clock);
        let (here, there) = (Sealer::parse(&text).unwrap(), Sealer::parse(&text).unwrap());
        let rotated = Sealer::rotated(&text, &clock, 60).unwrap();
        let clone = here.clone();
        assert_eq!(here.reload(&rotated), Ok(true));
        assert_eq!(here.reload(&rotated), Ok(false));
        assert_eq!((clone.n_keys(), clone.newest_key_id()), (2, 2), "all clones have it");
        let early = here.seal(&clock, b"a", b"x");
        assert_eq!(
            (Sealer::key_id_of(&early), there.open(b"a", &early).as_deref()),
            (Some(1), Ok(&b"x"[..])),
            "others have not read it yet"
        );
        clock.move_to(clock.now() + SignedDuration::from_secs(60));
        assert_eq!(Sealer::key_id_of(&clone.seal(&clock, b"a", b"x")), Some(2));
        assert_eq!(here.sealing_key_id(clock.now()), 2);
        let other = Sealer::generate(&Clock::set_to(Timestamp::UNIX_EPOCH, 12));
        assert!(here.reload(&other).unwrap_err().contains("the index key is another"));
        assert!(here.reload("nonsense").is_err());
        assert_eq!(clone.open(b"a", &early).unwrap(), b"x", "the keys stay as they were");
    }

    #[test]
    fn keyed_hashes_differ_by_kind_and_by_key() {
        let one = sealer();
        let other = Sealer::parse(&Sealer::generate(&Clock::set_to(Timestamp::UNIX_EPOCH, 12))).unwrap();
        assert_ne!(one.keyed_hash("address", b"x"), one.keyed_hash("phone", b"x"));
        assert_ne!(one.keyed_hash("address", b"x"), other.keyed_hash("address", b"x"));
    }

    #[test]
    fn a_broken_key_file_is_told_by_line_without_the_key() {
        let key = "ab".repeat(32);
        for (text, told) in [
            (String::new(), "no line `index KEY`"),
            (format!("index {key}"), "no line `data ID KEY`"),
            (format!("index {key}\nindex {key}"), "line 2: there is a second index key"),
            (format!("index {key}\ndata 1 {key}\ndata 1 {key}"), "line 3: there is a second data key 1"),
            (format!("index {key}\ndata 1 {key} soon"), "line 2: after a data key may stand `from`"),
            (format!("index {key}\ndata 1 {key} from soon"), "line 2: write a time as in"),
            (format!("index {key}\n\ndata x {key}"), "line 3: a data key's id"),
            ("index abc".to_owned(), "line 1: a key is 64 hex digits"),
            (key.clone(), "line 1: write `index KEY`"),
        ] {
            let error = Sealer::parse(&text).unwrap_err();
            assert!(error.contains(told), "{error}");
            assert!(!error.contains(&key), "{error}");
        }
        assert_eq!(format!("{:?}", sealer()), "Sealer(data keys [1])");
    }
}
