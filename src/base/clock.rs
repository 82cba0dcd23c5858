//! The only place that asks for the time or for randomness.

use std::{
    cell::RefCell,
    mem,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use jiff::Timestamp;

/// Time and randomness. Tests and the simulator set both; a process takes them from the machine.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Set { now_ms: Arc<AtomicI64>, state: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's own.
    pub const fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still until it is set, with randomness from a seed.
    pub fn set_to(now: Timestamp, seed: u64) -> Self {
        Self(Source::Set { now_ms: Arc::new(AtomicI64::new(now.as_millisecond())), state: Arc::new(AtomicU64::new(seed)) })
    }

    /// Now, to the millisecond.
    pub fn now(&self) -> Timestamp {
        let ms = match &self.0 {
            Source::Machine => Timestamp::now().as_millisecond(),
            Source::Set { now_ms, .. } => now_ms.load(Ordering::Relaxed),
        };
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a set clock; the machine's own cannot be moved and stays as it is.
    pub fn move_to(&self, now: Timestamp) {
        match &self.0 {
            Source::Machine => {}
            Source::Set { now_ms, .. } => now_ms.store(now.as_millisecond(), Ordering::Relaxed),
        }
    }

    /// Random bytes fit for keys and tokens (on the machine's clock).
    ///
    /// # Panics
    /// Where the machine has no source of randomness: nothing can be sealed then.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Machine => fill(&mut bytes),
            Source::Set { state, .. } => {
                for chunk in bytes.chunks_mut(8) {
                    let next = split_mix(state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed));
                    for (to, from) in chunk.iter_mut().zip(next.to_le_bytes()) {
                        *to = from;
                    }
                }
            }
        }
        bytes
    }

    /// A number below `bound`, for jitter.
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.random()) % bound.max(1)
    }

    /// A new id that sorts by time: `act_0192f3…`.
    pub fn new_id(&self, prefix: &str) -> String {
        let ms = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(ms, &self.random::<10>()).into_uuid();
        format!("{prefix}_{}", id.simple())
    }
}

/// Random bytes of the machine taken ahead, and how many of them are used. Asking for them one value at a time costs more than the values.
struct Ahead {
    bytes: [u8; AHEAD_BYTES],
    n_used: usize,
}

/// Bytes that a thread takes at once: some twenty values.
const AHEAD_BYTES: usize = 256;

thread_local! {
    static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { bytes: [0; AHEAD_BYTES], n_used: AHEAD_BYTES }) };
}

/// Fills from what was taken ahead. Every byte is given once and wiped as it is given.
fn fill(bytes: &mut [u8]) {
    AHEAD.with_borrow_mut(|ahead| {
        if bytes.len() > AHEAD_BYTES {
            return from_machine(bytes);
        }
        if bytes.len() > AHEAD_BYTES - ahead.n_used {
            from_machine(&mut ahead.bytes);
            ahead.n_used = 0;
        }
        let from = ahead.bytes.iter_mut().skip(ahead.n_used);
        for (to, from) in bytes.iter_mut().zip(from) {
            *to = mem::take(from);
        }
        ahead.n_used += bytes.len();
    });
}

fn from_machine(bytes: &mut [u8]) {
    #[expect(clippy::expect_used, reason = "without randomness nothing can be sealed: stopping is right")]
    getrandom::fill(bytes).expect("the machine has a source of randomness");
}

const fn split_mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_repeats_itself_from_its_seed() {
        let clock = |seed| Clock::set_to(Timestamp::UNIX_EPOCH, seed);
        assert_eq!(clock(1).random::<16>(), clock(1).random::<16>());
        assert_ne!(clock(1).random::<16>(), clock(2).random::<16>());
        let moving = clock(1);
        moving.move_to(Timestamp::from_millisecond(5).unwrap());
        assert_eq!(moving.now().as_millisecond(), 5);
    }

    #[test]
    fn the_machine_never_gives_the_same_bytes_twice() {
        let clock = Clock::machine();
        let mut seen: Vec<[u8; 12]> = (0..1_000).map(|_| clock.random()).collect();
        assert_ne!(clock.random::<1_000>(), [0; 1_000]);
        seen.sort_unstable();
        let n = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), n);
    }

    #[test]
    fn ids_sort_by_time() {
        let clock = Clock::set_to(Timestamp::from_millisecond(1_000).unwrap(), 7);
        let first = clock.new_id("act");
        clock.move_to(Timestamp::from_millisecond(2_000).unwrap());
        assert!(first < clock.new_id("act"));
    }
}
