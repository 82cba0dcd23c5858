//! The audit's head, signed: the number and hash of its last row, so that what is kept elsewhere proves that nothing before it was changed.
//!
//! One word without blanks, which is found again in a log of whatever form: `audit-head.1.<rows>.<hash>.<seconds of time>.<signature>`.
//! The signature is a keyed hash by the index key: who can write the record's file and not read the key file can make none.

use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::Sealer;

const MARK: &str = "audit-head.1.";

/// A head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rows up to and with the last one.
    pub n: u64,
    /// The last row's hash, in hex.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// A head as it was found somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Ours.
    Signed(Head),
    /// It looks like one and its signature is wrong.
    Forged,
}

impl Head {
    /// The word to be kept elsewhere.
    pub fn signed(&self, sealer: &Sealer) -> String {
        let words = format!("{}.{}.{}", self.n, self.hash, self.at.as_second());
        format!("{MARK}{words}.{}", hex::encode(sealer.keyed_hash("audit head", words.as_bytes())))
    }

    /// The head in a line of a file or log; `None` where there is none.
    pub fn find(line: &str, sealer: &Sealer) -> Option<Found> {
        let (_, rest) = line.split_once(MARK)?;
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').next().unwrap_or_default();
        let parts: Vec<&str> = word.split('.').collect();
        let [n, hash, at, signature, ..] = parts.as_slice() else { return Some(Found::Forged) };
        let right = hex::encode(sealer.keyed_hash("audit head", format!("{n}.{hash}.{at}").as_bytes()));
        let is_right: bool = right.as_bytes().ct_eq(signature.as_bytes()).into();
        let read = || Some(Self { n: n.parse().ok()?, hash: (*hash).to_owned(), at: Timestamp::from_second(at.parse().ok()?).ok()? });
        Some(if is_right { read().map_or(Found::Forged, Found::Signed) } else { Found::Forged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Clock;

    #[test]
    fn a_head_is_found_in_any_line_and_only_with_its_signature() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 9);
        let (sealer, other) = (Sealer::parse(&Sealer::generate(&clock)).unwrap(), Sealer::parse(&Sealer::generate(&clock)).unwrap());
        let head = Head { n: 7, hash: "ab".repeat(32), at: Timestamp::from_second(1_800_000_000).unwrap() };
        let word = head.signed(&sealer);
        for line in [word.clone(), format!("INFO the audit's head head={word}"), format!(r#"{{"head":"{word}","n":7}}"#)] {
            assert_eq!(Head::find(&line, &sealer), Some(Found::Signed(head.clone())), "{line}");
            assert_eq!(Head::find(&line.replace("1.7.", "1.8."), &sealer), Some(Found::Forged));
            assert_eq!(Head::find(&line, &other), Some(Found::Forged));
        }
        assert_eq!(Head::find("audit-head.1.", &sealer), Some(Found::Forged));
        assert_eq!(Head::find("a line", &sealer), None);
    }
}
