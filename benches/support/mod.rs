//! Measuring by processor time, so that neighbours on the machine change little: rounds of many calls, the median of the rounds.

use std::{fs, time::Instant};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of one measurement.
const ROUNDS: usize = 15;
/// Nanoseconds that one round takes: the kernel counts a running thread's time at its ticks only, every 4 ms or so.
const ROUND_NS: u64 = 100_000_000;

/// Nanoseconds of processor time that this thread has had (proc(5): schedstat); where the system does not tell, the time on the wall.
pub fn cpu_ns() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or_else(wall_ns)
}

/// Nanoseconds on the wall since the first call.
pub fn wall_ns() -> u64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Measures a call that gives how many things it did, and prints the median of a thing in µs; gives it in ns.
pub fn measure(name: &str, mut call: impl FnMut() -> u64) -> f64 {
    call();
    let began = wall_ns();
    let n = call();
    let once = (wall_ns() - began).max(1);
    let n_calls = (ROUND_NS / once).max(1);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = cpu_ns();
            for _ in 0..n_calls {
                assert_eq!(call(), n, "{name} does not always do the same");
            }
            (cpu_ns() - began) as f64 / (n_calls * n) as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let (median, least) = (rounds[ROUNDS / 2], rounds[0]);
    println!("{name:<58}{:>10.2} µs   (least {:.2})", median / 1_000.0, least / 1_000.0);
    median
}
