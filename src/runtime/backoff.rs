//! How long to wait before the next try.

use jiff::{SignedDuration, Timestamp};

use crate::{
    base::clock::Clock,
    channel::{Throttled, speed::PAIR_GAP_MS},
};

const FIRST_MS: u64 = 1_000;
/// Beyond five minutes an interview has lost its thread: the tries end instead.
const LONGEST_MS: u64 = 300_000;

/// When to try again after so many tries (from 1): doubling from a second to five minutes, the upper half of it by chance, so that what
/// failed together does not come again together; never before the provider's own wish.
pub(super) fn retry_at(clock: &Clock, n_attempts: u16, after_s: Option<u64>) -> Timestamp {
    let doubled = FIRST_MS.checked_shl(u32::from(n_attempts.saturating_sub(1)).min(32)).unwrap_or(LONGEST_MS).min(LONGEST_MS);
    let ms = doubled / 2 + clock.below(doubled / 2 + 1);
    let wish_ms = after_s.unwrap_or(0).saturating_mul(1_000).min(3_600_000);
    let wish_ms = wish_ms + if wish_ms > 0 { clock.below(1_000) } else { 0 };
    later(clock.now(), ms.max(wish_ms))
}

/// When to try again what was turned away for being too many: by the provider's wish, else soon, since the pace itself gives way. An
/// address that has had enough waits for the gap that it is due.
pub(super) fn throttled_until(clock: &Clock, who: Throttled, after_s: Option<u64>) -> Timestamp {
    let least_ms = match who {
        Throttled::Sender => FIRST_MS,
        Throttled::Pair => u64::from(PAIR_GAP_MS),
    };
    let wish_ms = after_s.unwrap_or(0).saturating_mul(1_000).min(3_600_000);
    later(clock.now(), least_ms.max(wish_ms) + clock.below(least_ms))
}

/// A time some ms later.
pub(super) fn later(now: Timestamp, ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_millis(ms)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_respect_the_providers_wish() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 7);
        for (n_attempts, after_s, least_ms, most_ms) in [
            (1, None, 500, 1_000),
            (2, None, 1_000, 2_000),
            (5, None, 8_000, 16_000),
            (60, None, 150_000, 300_000),
            (1, Some(20), 20_000, 21_000),
            (1, Some(1_000_000), 3_600_000, 3_601_000),
        ] {
            for _ in 0..50 {
                let ms = retry_at(&clock, n_attempts, after_s).as_millisecond();
                assert!((least_ms..=most_ms).contains(&ms), "try {n_attempts}, wish {after_s:?}: {ms} ms");
            }
        }
    }
}
