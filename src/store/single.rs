//! What the two stores of one shard share: its lease, and places in its journal.

use super::contract::{Cursor, Held};

/// The one shard.
pub const SHARD: u16 = 0;

/// A lease on the one shard. It lives in the process: no other may open the same store.
#[derive(Clone, Debug)]
pub struct Lease {
    node: String,
    fence: u64,
    until_ms: i64,
}

impl Lease {
    /// Takes or renews a lease for a node; `None` where another node holds it.
    pub fn hold(lease: &mut Option<Self>, node: &str, now_ms: i64, lease_ms: u64, fresh_fence: u64) -> Option<u64> {
        let until_ms = now_ms.saturating_add_unsigned(lease_ms);
        let fence = match lease {
            Some(held) if held.until_ms > now_ms && held.node != node => return None,
            Some(held) if held.until_ms > now_ms => held.fence,
            Some(_) | None => fresh_fence,
        };
        *lease = Some(Self { node: node.to_owned(), fence, until_ms });
        Some(fence)
    }

    /// Gives it up, where the node holds it.
    pub fn let_go(lease: &mut Option<Self>, node: &str) {
        if lease.as_ref().is_some_and(|held| held.node == node) {
            *lease = None;
        }
    }

    /// Whether this fence holds now.
    pub fn allows(lease: Option<&Self>, fence: u64, now_ms: i64) -> bool {
        lease.is_some_and(|held| held.fence == fence && held.until_ms > now_ms)
    }
}

/// The lease on the one shard, where it is held.
pub fn only_shard(held: &Held) -> Option<(u16, u64)> {
    held.shards.iter().find(|(shard, _)| *shard == SHARD).copied()
}

/// A place as it is written: digits of one width, so that it sorts.
pub fn position(n: u64) -> String {
    format!("{n:020}")
}

/// The number of a place; 0 where it is none of ours.
pub fn place(cursor: &Cursor) -> u64 {
    cursor.position.parse().unwrap_or(0)
}

/// A time in ms, some seconds later.
pub fn after_s(now_ms: i64, seconds: u64) -> i64 {
    now_ms.saturating_add_unsigned(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_renewed_with_its_fence_and_taken_over_with_another() {
        let mut lease = None;
        assert_eq!(Lease::hold(&mut lease, "a", 0, 10, 7), Some(7));
        assert_eq!(Lease::hold(&mut lease, "a", 5, 10, 8), Some(7));
        assert_eq!(Lease::hold(&mut lease, "b", 14, 10, 9), None);
        assert!(Lease::allows(lease.as_ref(), 7, 14) && !Lease::allows(lease.as_ref(), 7, 15) && !Lease::allows(lease.as_ref(), 8, 14));
        assert_eq!(Lease::hold(&mut lease, "b", 15, 10, 9), Some(9));
        Lease::let_go(&mut lease, "a");
        assert!(Lease::allows(lease.as_ref(), 9, 16));
        Lease::let_go(&mut lease, "b");
        assert!(!Lease::allows(lease.as_ref(), 9, 16));
    }

    #[test]
    fn places_sort_as_their_numbers() {
        let cursor = |n| Cursor { shard: SHARD, position: position(n) };
        assert!(cursor(9) < cursor(10));
        assert_eq!(place(&cursor(10)), 10);
    }
}
