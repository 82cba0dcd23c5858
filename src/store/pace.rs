//! How fast a sender may send, over all nodes together: a generic cell rate algorithm (GCRA) with a rate that gives way.
//!
//! In any second at most `per_second + burst` messages are granted, whoever asks. A provider that says "too many" halves the rate; it comes
//! back evenly within a minute. Beside it a least gap between messages to one address, where the provider wants one (WhatsApp's pair rate).
//! Messages are asked for in order and many at once, so that one round trip serves all that a look at the outbox found.
//!
//! Redis does the same in `redis/pace.lua`, by its own clock; here it is for the stores of one process.

use std::collections::BTreeMap;

use crate::base::id::ConversationId;

/// In how long a rate that was cut comes back to the whole, in ms.
pub const RECOVERY_MS: i64 = 60_000;
/// The least that is left of a rate, in thousandths.
pub const LEAST_PERMILLE: i64 = 62;
/// Cuts within so many ms are one: messages in the air together are refused together.
pub const CUT_EVERY_MS: i64 = 1_000;
/// The longest that a provider's wish to wait holds back a whole sender, in ms.
pub const PAUSE_MS: i64 = 60_000;

/// What a sender may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Messages in 1,000 seconds, at least 1: 1 a second is 1,000.
    pub per_1000_s: u32,
    /// Messages that may leave at once after a pause, at least 1.
    pub burst: u32,
    /// To one address: the least gap, and how many may go before it counts.
    pub pair: Option<Pair>,
}

/// A least gap between messages to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The gap in ms.
    pub gap_ms: u32,
    /// Messages that may go before it counts.
    pub burst: u32,
}

/// One message that would like to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// To whom.
    pub conversation: ConversationId,
    /// What it counts for: an SMS of three parts counts for three.
    pub cost: u32,
    /// How much of the burst it must leave for those before it in rank.
    pub reserve: u32,
}

/// The answer to a want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It may leave at once.
    Now,
    /// The sender is at its limit for so many ms.
    SenderAfter(u32),
    /// The address has had enough for so many ms; others may go.
    PairAfter(u32),
}

/// The gap between two messages in µs, where the rate is cut to so many thousandths.
fn gap_us(pace: Pace, permille: i64) -> i64 {
    1_000_000_000 / i64::from(pace.per_1000_s.max(1)) * 1_000 / permille.max(1)
}

/// One sender, as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sender {
    /// When the next message would be due if all kept their gap, in µs.
    next_us: i64,
    /// What the rate was cut to, in thousandths, and when in ms; never cut: 0.
    cut: Option<(i64, i64)>,
}

impl Sender {
    fn permille(&self, now_ms: i64) -> i64 {
        let Some((cut, at_ms)) = self.cut else { return 1_000 };
        (cut + now_ms.saturating_sub(at_ms).max(0) * 1_000 / RECOVERY_MS).min(1_000)
    }
}

/// All senders of one process.
#[derive(Clone, Debug, Default)]
pub struct Senders {
    senders: BTreeMap<String, Sender>,
    pairs: BTreeMap<(String, ConversationId), i64>,
}

impl Senders {
    /// Grants what may leave now, in order; what is granted is counted.
    pub fn grant(&mut self, name: &str, pace: Pace, wants: &[Want], now_ms: i64) -> Vec<Grant> {
        let now_us = now_ms.saturating_mul(1_000);
        let mut sender = self.senders.get(name).copied().unwrap_or_default();
        let gap = gap_us(pace, sender.permille(now_ms));
        sender.next_us = sender.next_us.max(now_us);
        let mut grants = Vec::with_capacity(wants.len());
        for want in wants {
            let key = (name.to_owned(), want.conversation.clone());
            let pair_us = self.pairs.get(&key).copied().unwrap_or(0).max(now_us);
            let pair_wait =
                pace.pair.map_or(0, |pair| pair_us - now_us - i64::from(pair.burst.max(1) - 1) * i64::from(pair.gap_ms) * 1_000);
            let wait = sender.next_us - now_us - i64::from(pace.burst.max(1).saturating_sub(want.reserve).max(1) - 1) * gap;
            if pair_wait > 0 {
                grants.push(Grant::PairAfter(whole_ms(pair_wait)));
            } else if wait > 0 {
                grants.push(Grant::SenderAfter(whole_ms(wait)));
            } else {
                sender.next_us += i64::from(want.cost.max(1)) * gap;
                if let Some(pair) = pace.pair {
                    self.pairs.insert(key, pair_us + i64::from(pair.gap_ms) * 1_000);
                }
                grants.push(Grant::Now);
            }
        }
        self.senders.insert(name.to_owned(), sender);
        grants
    }

    /// The provider said "too many": half the rate from now on, and a pause where it wished for one.
    pub fn slow(&mut self, name: &str, pace: Pace, pause_ms: i64, now_ms: i64) {
        let sender = self.senders.entry(name.to_owned()).or_default();
        if sender.cut.is_none_or(|(_, at_ms)| now_ms - at_ms >= CUT_EVERY_MS) {
            sender.cut = Some(((sender.permille(now_ms) / 2).max(LEAST_PERMILLE), now_ms));
        }
        let gap = gap_us(pace, sender.permille(now_ms));
        let pause_us = pause_ms.clamp(0, PAUSE_MS) * 1_000;
        sender.next_us = sender.next_us.max(now_ms * 1_000 + i64::from(pace.burst.max(1) - 1) * gap + pause_us);
    }

    /// Forgets what holds nobody back any more.
    pub fn sweep(&mut self, now_ms: i64) {
        let now_us = now_ms.saturating_mul(1_000);
        self.pairs.retain(|_, next_us| *next_us > now_us);
        self.senders.retain(|_, sender| sender.next_us > now_us || sender.permille(now_ms) < 1_000);
    }
}

fn whole_ms(us: i64) -> u32 {
    u32::try_from(us.saturating_add(999) / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { per_1000_s: 10_000, burst: 5, pair: None };

    fn wants(n: usize, reserve: u32) -> Vec<Want> {
        (0..n).map(|n| Want { conversation: format!("{n:032}").into(), cost: 1, reserve }).collect()
    }

    fn n_granted(grants: &[Grant]) -> usize {
        grants.iter().filter(|grant| **grant == Grant::Now).count()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_by_the_rate() {
        let mut senders = Senders::default();
        let first = senders.grant("a", PACE, &wants(7, 0), 0);
        assert_eq!((n_granted(&first), first[5]), (5, Grant::SenderAfter(100)));
        assert_eq!(senders.grant("a", PACE, &wants(1, 0), 99), [Grant::SenderAfter(1)]);
        assert_eq!(senders.grant("a", PACE, &wants(1, 0), 100), [Grant::Now]);
        assert_eq!(n_granted(&senders.grant("b", PACE, &wants(7, 0), 100)), 5, "another sender has its own");
    }

    #[test]
    fn in_no_second_more_than_rate_and_burst_leave() {
        let mut senders = Senders::default();
        let mut granted_at = Vec::new();
        for ms in 0..20_000_i64 {
            // Asked often, in fits and starts.
            if ms % 7 == 0 || ms % 1_000 < 30 {
                let n = n_granted(&senders.grant("a", PACE, &wants(3, 0), ms));
                granted_at.extend(std::iter::repeat_n(ms, n));
            }
        }
        let most = granted_at.iter().map(|from| granted_at.iter().filter(|at| (*from..from + 1_000).contains(at)).count()).max();
        assert!(most.is_some_and(|most| most <= 15), "{most:?}");
        assert!(granted_at.len() >= 200, "the rate is used: {}", granted_at.len());
    }

    #[test]
    fn what_must_leave_a_reserve_stops_before_it() {
        let mut senders = Senders::default();
        assert_eq!(n_granted(&senders.grant("a", PACE, &wants(9, 2), 0)), 3);
        assert_eq!(n_granted(&senders.grant("a", PACE, &wants(9, 0), 0)), 2);
    }

    #[test]
    fn a_message_of_several_parts_counts_for_each() {
        let mut senders = Senders::default();
        let mut want = wants(2, 0);
        want[0].cost = 8;
        assert_eq!(senders.grant("a", PACE, &want, 0), [Grant::Now, Grant::SenderAfter(400)]);
    }

    #[test]
    fn one_address_that_has_had_enough_holds_back_nobody_else() {
        let pace = Pace { pair: Some(Pair { gap_ms: 6_000, burst: 2 }), ..PACE };
        let mut senders = Senders::default();
        let to = |n: u8| Want { conversation: format!("{n:032}").into(), cost: 1, reserve: 0 };
        let granted = senders.grant("a", pace, &[to(1), to(1), to(1), to(2)], 0);
        assert_eq!(granted, [Grant::Now, Grant::Now, Grant::PairAfter(6_000), Grant::Now]);
        assert_eq!(senders.grant("a", pace, &[to(1)], 6_000), [Grant::Now]);
    }

    #[test]
    fn a_provider_that_says_too_many_halves_the_rate_until_a_minute_has_passed() {
        let mut senders = Senders::default();
        let rate = |senders: &Senders, ms| senders.senders.get("a").unwrap().permille(ms);
        senders.slow("a", PACE, 2_000, 0);
        senders.slow("a", PACE, 0, 500);
        assert_eq!(rate(&senders, 500), 508, "what is refused together cuts once");
        assert_eq!(senders.grant("a", PACE, &wants(1, 0), 1_500), [Grant::SenderAfter(539)]);
        senders.slow("a", PACE, 0, 1_500);
        assert_eq!(rate(&senders, 1_500), 262);
        for n in 2..20 {
            senders.slow("a", PACE, 0, n * 1_500);
        }
        assert!(rate(&senders, 28_500) >= LEAST_PERMILLE);
        assert_eq!(rate(&senders, 28_500 + RECOVERY_MS), 1_000);
    }
}
