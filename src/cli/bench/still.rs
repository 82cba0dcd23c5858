//! What the machine takes by itself: how often a thread that only counts stands still, and how long the disk takes to keep a few bytes.
//! What is measured after it has both in it.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use super::load::below_ms;

/// For how long each of the two is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Two readings of the clock that are further apart than this had something else between them.
const STILL: Duration = Duration::from_micros(500);
/// Bytes that are kept at once: about what a turn writes.
const BYTES: usize = 2_048;

/// Looks at the processors and at the disk of a folder; a line for the reader.
///
/// # Errors
/// Where the folder cannot be written.
pub fn look(folder: &Path) -> anyhow::Result<String> {
    let n_cores = thread::available_parallelism()?.get();
    let counting: Vec<_> = (0..n_cores).map(|_| thread::spawn(stood_still)).collect();
    let mut longest = Duration::ZERO;
    let mut lost = Duration::ZERO;
    for counted in counting {
        let (one_longest, one_lost) = counted.join().map_err(|_| anyhow::anyhow!("a thread that counts ended by itself"))?;
        longest = longest.max(one_longest);
        lost += one_lost;
    }
    let share = 100.0 * lost.as_secs_f64() / (LOOK.as_secs_f64() * f64::from(u32::try_from(n_cores)?));
    let synced_us = synced_us(folder)?;
    Ok(format!(
        "the machine by itself: {n_cores} cores, {share:.1} % of the time standing still, {:.1} ms at the longest; {BYTES} bytes kept on the disk in \
         {:.2} ms (p50), {:.2} ms (p99), {:.1} ms at the longest",
        longest.as_secs_f64() * 1_000.0,
        below_ms(&synced_us, 500),
        below_ms(&synced_us, 990),
        below_ms(&synced_us, 1_000),
    ))
}

/// Reads the clock without end: the longest time between two readings, and the sum of those that were too long.
fn stood_still() -> (Duration, Duration) {
    let began = Instant::now();
    let (mut last, mut longest, mut lost) = (began, Duration::ZERO, Duration::ZERO);
    while last - began < LOOK {
        let now = Instant::now();
        let between = now - last;
        longest = longest.max(between);
        if between > STILL {
            lost += between;
        }
        last = now;
    }
    (longest, lost)
}

/// How many µs each writing took until it was kept, sorted.
fn synced_us(folder: &Path) -> anyhow::Result<Vec<u32>> {
    let path = folder.join("still");
    let mut file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let (began, mut all) = (Instant::now(), Vec::new());
    while began.elapsed() < LOOK {
        let from = Instant::now();
        file.write_all(&[b'x'; BYTES])?;
        file.sync_data()?;
        all.push(u32::try_from(from.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    fs::remove_file(&path)?;
    all.sort_unstable();
    Ok(all)
}
