//! The second factor of a login: codes by time, and recovery codes for when the phone is lost.
//!
//! A code is six digits of RFC 6238 (HMAC-SHA1, 30 s); the one before and the one after count too, for clocks that are off. Whoever
//! checks a code must see to it that each [`Proof`] counts once. What is kept here is secret and is sealed by the record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroize;

use super::token::{self, TokenHash};
use crate::base::{Private, clock::Clock};

/// Random bytes of the shared secret: 160 bits (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Recovery codes of one user.
pub const N_RECOVERY: usize = 10;
/// Letters of a recovery code: 75 bits, so that a fast hash of it is enough.
const RECOVERY_LETTERS: usize = 15;
/// Seconds for which a code by time counts: its own 30 and those of its neighbours.
pub const COUNTS_S: u64 = 90;
/// Characters that somebody may type: a recovery code with its dashes, and some blanks.
pub const TYPED_CHARS: usize = 40;

/// A user's second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    secret: Private<Vec<u8>>,
    recovery: Vec<TokenHash>,
    /// When it was made.
    pub since: Timestamp,
}

/// What proved that somebody has the second factor. Each counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The code of a step: its number since 1970.
    Step(u64),
    /// A recovery code.
    Recovery(TokenHash),
}

impl Second {
    /// A new one, with the recovery codes that its owner is to write down: they are told once.
    pub fn new(clock: &Clock) -> (Self, Vec<Private<String>>) {
        let secret = Private::new(clock.random::<SECRET_BYTES>().to_vec());
        let one = Self { secret, recovery: Vec::new(), since: clock.now() };
        one.with_new_recovery(clock)
    }

    /// The same with other recovery codes.
    pub fn with_new_recovery(mut self, clock: &Clock) -> (Self, Vec<Private<String>>) {
        let codes: Vec<_> = (0..N_RECOVERY).map(|_| token::readable::<RECOVERY_LETTERS>(clock)).collect();
        self.recovery = codes.iter().map(|code| TokenHash::of(&folded(code.reveal()))).collect();
        (self, codes)
    }

    /// Recovery codes that are left.
    pub fn n_recovery(&self) -> usize {
        self.recovery.len()
    }

    /// The secret as it is typed into an app: base32 in groups of four.
    pub fn secret_text(&self) -> Private<String> {
        let whole = Secret::from(self.secret.reveal().clone()).to_base32();
        let groups: Vec<&str> = whole.as_bytes().chunks(4).filter_map(|part| std::str::from_utf8(part).ok()).collect();
        Private::new(groups.join(" "))
    }

    /// The link that apps read: `otpauth://totp/City%20Health:ana?secret=…&issuer=City%20Health`.
    pub fn link(&self, issuer: &str, login: &str) -> Private<String> {
        let (issuer, login) = (in_link(issuer), in_link(login));
        let secret = self.secret_text().into_inner().replace(' ', "");
        Private::new(format!("otpauth://totp/{issuer}:{login}?secret={secret}&issuer={issuer}"))
    }

    /// What the typed text proves; `None` where it is neither a code of now nor a recovery code that is left.
    pub fn proof(&self, typed: &str, now: Timestamp) -> Option<Proof> {
        if typed.chars().count() > TYPED_CHARS {
            return None;
        }
        let typed = folded(typed);
        if typed.len() == 6 && typed.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = u64::try_from(now.as_second()).unwrap_or(0);
            return self.totp().check(&typed, seconds).map(Proof::Step);
        }
        let hash = TokenHash::of(&typed);
        self.recovery.contains(&hash).then_some(Proof::Recovery(hash))
    }

    /// The code that an app shows at a time.
    pub fn code(&self, at: Timestamp) -> String {
        self.totp().generate(u64::try_from(at.as_second()).unwrap_or(0)).to_string()
    }

    /// The same without a recovery code; `None` where it has it no more.
    pub fn without(mut self, used: &TokenHash) -> Option<Self> {
        let before = self.recovery.len();
        self.recovery.retain(|hash| hash != used);
        (self.recovery.len() < before).then_some(self)
    }

    fn totp(&self) -> Totp {
        Builder::new().with_secret(self.secret.reveal().clone()).build_noncompliant()
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        std::mem::take(&mut self.secret).into_inner().zeroize();
    }
}

/// Without blanks and dashes, in small letters.
fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect()
}

fn in_link(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let second = Second { secret: Private::new(b"12345678901234567890".to_vec()), recovery: Vec::new(), since: at(0) };
        // The last six digits of appendix B.
        for (second_of_time, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(second.code(at(second_of_time)), code);
            assert_eq!(second.proof(code, at(second_of_time)), Some(Proof::Step(second_of_time.unsigned_abs() / 30)));
        }
        assert_eq!(second.secret_text().reveal(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            second.link("City Health: Süd", "ana").reveal(),
            "otpauth://totp/City%20Health%3A%20S%C3%BCd:ana?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=City%20Health%3A%20S%C3%BCd"
        );
    }

    #[test]
    fn a_code_counts_for_a_step_before_and_after_and_names_its_step() {
        let clock = Clock::set_to(at(1_800_000_000), 4);
        let (second, _) = Second::new(&clock);
        let now = at(1_800_000_000);
        let step = 1_800_000_000 / 30;
        for (off, proof) in [(-60, None), (-30, Some(step - 1)), (0, Some(step)), (29, Some(step)), (30, Some(step + 1)), (60, None)] {
            assert_eq!(second.proof(&second.code(at(1_800_000_000 + off)), now), proof.map(Proof::Step), "{off} s");
        }
        let code = second.code(now);
        assert_eq!(second.proof(&format!(" {} {}", &code[..3], &code[3..]), now), Some(Proof::Step(step)), "as apps show it");
        for wrong in ["", "12345", "1234567", "abcdef", &"1".repeat(TYPED_CHARS + 1)] {
            assert_eq!(second.proof(wrong, now), None, "{wrong}");
        }
        let (other, _) = Second::new(&clock);
        assert_ne!(other.secret_text(), second.secret_text());
    }

    #[test]
    fn a_recovery_code_is_known_until_it_is_taken_out() {
        let clock = Clock::set_to(at(1_800_000_000), 5);
        let (second, codes) = Second::new(&clock);
        assert_eq!((codes.len(), second.n_recovery()), (N_RECOVERY, N_RECOVERY));
        let typed = format!("{} ", codes[3].reveal().to_uppercase());
        let Some(Proof::Recovery(hash)) = second.proof(&typed, clock.now()) else { panic!("a recovery code is known") };
        let second = second.without(&hash).unwrap();
        assert_eq!((second.n_recovery(), second.proof(&typed, clock.now())), (N_RECOVERY - 1, None));
        assert_eq!(second.clone().without(&hash), None);
        let (second, _) = second.with_new_recovery(&clock);
        assert_eq!(second.proof(codes[4].reveal(), clock.now()), None, "older codes are void");
    }

    #[test]
    fn it_shows_nothing_of_its_secret() {
        let (second, codes) = Second::new(&Clock::set_to(at(0), 6));
        let shown = format!("{second:?} {codes:?}");
        assert!(!shown.contains(&hex::encode(second.secret.reveal())) && !shown.contains(codes[0].reveal()), "{shown}");
        assert!(shown.contains("secret: ‹private›"), "{shown}");
    }
}
