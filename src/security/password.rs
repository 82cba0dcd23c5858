//! Passwords of desk users: Argon2id, 19 MiB, two passes, one lane (OWASP's password storage cheat sheet; 17 ms here).
//!
//! Slow on purpose: callers hash and verify on a bounded pool of threads, so that a flood of logins cannot starve webhooks.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};

use crate::base::{Private, clock::Clock};

/// Least characters.
pub const MIN_CHARS: usize = 8;
/// Most characters.
pub const MAX_CHARS: usize = 128;

/// Passwords that are tried first: those of at least eight characters among the 30,000 most common ones that zxcvbn lists (MIT
/// licence, see NOTICE); small letters, in the order of bytes, one a line.
static COMMON: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("common-passwords.txt").lines().collect());
/// What somebody would try here.
const OURS: [&str; 6] = ["intake123", "intake1234", "tracer123", "tracer1234", "contacttracer", "publichealth"];

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Fewer than [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters; 15 or more are better")]
    TooShort,
    /// More than [`MAX_CHARS`].
    #[error("a password has at most {MAX_CHARS} characters")]
    TooLong,
    /// On the list of those tried first, or one character again and again.
    #[error("this password is among those that are tried first; take another")]
    Common,
    /// The machine has not the 19 MiB.
    #[error("the password could not be hashed for want of memory; try again")]
    OutOfMemory,
}

/// A password's hash, in the PHC form `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`: what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(Private<String>);

impl PasswordHash {
    /// A stored hash.
    pub fn from_stored(phc: impl Into<String>) -> Self {
        Self(Private::new(phc.into()))
    }

    /// The form to be stored.
    pub fn to_stored(&self) -> &str {
        self.0.reveal()
    }
}

/// Hashes a password with a new salt.
///
/// # Errors
/// Where it is too short, too long or too common: say so, and ask for another.
pub fn hash(password: &Private<String>, clock: &Clock) -> Result<PasswordHash, Refused> {
    allowed(password.reveal())?;
    let hashed = argon2().hash_password_with_salt(password.reveal().as_bytes(), &clock.random::<16>());
    hashed.map(|phc| PasswordHash::from_stored(phc.to_string())).map_err(|_| Refused::OutOfMemory)
}

/// Whether a password is the one of a user; `None` is a user that does not exist, and takes the same time.
pub fn verify(password: &Private<String>, stored: Option<&PasswordHash>) -> bool {
    // A hash of a password that nobody has: whether a user exists is not to be told from the time it takes.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keS0wMA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    if password.reveal().chars().count() > MAX_CHARS {
        return false;
    }
    let phc = stored.map_or(NOBODY, PasswordHash::to_stored);
    let matches = argon2().verify_password(password.reveal().as_bytes(), phc).is_ok();
    matches && stored.is_some()
}

/// Whether a password may be chosen.
///
/// # Errors
/// Why not.
pub fn allowed(password: &str) -> Result<(), Refused> {
    let n_chars = password.chars().count();
    let mut others = password.chars().skip_while(|c| password.starts_with(*c));
    match n_chars {
        0..MIN_CHARS => Err(Refused::TooShort),
        n if n > MAX_CHARS => Err(Refused::TooLong),
        _ if others.next().is_none() || is_common(&password.to_lowercase()) => Err(Refused::Common),
        _ => Ok(()),
    }
}

/// Whether a password in small letters is on the list, as it is or with digits and marks after it.
fn is_common(password: &str) -> bool {
    let bare = password.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let known = |text: &str| COMMON.binary_search(&text).is_ok() || OURS.contains(&text);
    known(password) || known(bare)
}

fn argon2() -> Argon2<'static> {
    const COST: Params = match Params::new(19 * 1024, 2, 1, None) {
        Ok(params) => params,
        Err(_) => Params::DEFAULT, // the same cost; the constructor cannot fail for these figures
    };
    Argon2::new(Algorithm::Argon2id, Version::V0x13, COST)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 3);
        let password = Private::from("correct horse battery");
        let stored = hash(&password, &clock).unwrap();
        assert!(stored.to_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.to_stored());
        let stored = PasswordHash::from_stored(stored.to_stored());
        assert!(verify(&password, Some(&stored)));
        assert!(!verify(&Private::from("correct horse batterz"), Some(&stored)));
        assert!(!verify(&password, None));
        assert!(!verify(&password, Some(&PasswordHash::from_stored("plain"))));
        assert_ne!(stored, hash(&password, &clock).unwrap(), "each has a salt of its own");
    }

    #[test]
    fn a_user_that_does_not_exist_takes_as_long() {
        use argon2::password_hash::phc;
        let nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keS0wMA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let parsed = phc::PasswordHash::new(nobody).expect("the hash of nobody is well formed, so that the work is done");
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 3);
        let real = hash(&Private::from("correct horse battery"), &clock).unwrap();
        let real = phc::PasswordHash::new(real.to_stored()).unwrap();
        assert_eq!((parsed.algorithm, parsed.version, parsed.params), (real.algorithm, real.version, real.params));
        assert_eq!(parsed.hash.map(|hash| hash.len()), real.hash.map(|hash| hash.len()));
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for (password, outcome) in [
            ("1234567", Err(Refused::TooShort)),
            ("ñandú-7", Err(Refused::TooShort)),
            ("Password123", Err(Refused::Common)),
            ("zzzzzzzzzzzz", Err(Refused::Common)),
            ("qwertyuiop2026!", Err(Refused::Common)),
            ("manchester", Err(Refused::Common)),
            ("Intake1234", Err(Refused::Common)),
            ("correct horse", Ok(())),
            ("ñandú-78", Ok(())),
        ] {
            assert_eq!(allowed(password), outcome, "{password}");
        }
        assert!(COMMON.len() > 10_000 && COMMON.is_sorted() && COMMON.iter().all(|common| common.len() >= MIN_CHARS));
        assert_eq!(allowed(&"ab".repeat(64)), Ok(()));
        assert_eq!(allowed(&"ab".repeat(65)), Err(Refused::TooLong));
    }
}
