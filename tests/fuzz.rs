//! What the fuzzer starts from and what it found, without the fuzzer: every kept input holds on every machine.

use std::{
    fs,
    panic::catch_unwind,
    path::PathBuf,
    time::{Duration, Instant},
};

use intake::base::clock::Clock;
use jiff::Timestamp;

/// The checks, as the fuzzer runs them.
#[path = "../fuzz/src/lib.rs"]
mod targets;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Bytes of all corpora together: they are downloaded with the sources.
const MOST_BYTES: u64 = 100 * 1024;

#[test]
fn every_kept_input_holds() {
    let mut broken = Vec::new();
    for (name, target) in targets::TARGETS {
        let mut files: Vec<PathBuf> = fs::read_dir(root().join("corpus").join(name)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "fuzz/corpus/{name} is empty");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            if catch_unwind(|| target(&bytes)).is_err() {
                broken.push(file.strip_prefix(root()).unwrap().display().to_string());
            }
        }
    }
    assert!(broken.is_empty(), "again: fuzz/run 0 <target> <file>, with each of {broken:#?}");
}

#[test]
fn whatever_is_cut_off_or_turned_holds_too() {
    for (name, target) in targets::TARGETS {
        for file in fs::read_dir(root().join("corpus").join(name)).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            for nth in 0..3 {
                let at = bytes.len() * (nth + 1) / 4;
                target(&bytes[..at]);
                let mut turned = bytes.clone();
                if let Some(byte) = turned.get_mut(at) {
                    *byte ^= 1 << (nth % 8);
                }
                target(&turned);
            }
        }
    }
}

/// Inputs of each target, and for how long at the most: few in every check, and the same ones; `INTAKE_FUZZ_SECONDS=600` for as many as
/// that allows, and `fuzz/run` where coverage is to lead the way.
fn each() -> (usize, Duration) {
    match std::env::var("INTAKE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()) {
        Some(seconds) => (usize::MAX, Duration::from_secs(seconds)),
        None => (500, Duration::from_secs(2)),
    }
}

/// One of the corpus, with some of its bytes turned, cut out, doubled, or put in from another one.
fn mutated(corpus: &[Vec<u8>], dice: &Clock) -> Vec<u8> {
    let below = |bound: usize| usize::try_from(dice.below(bound.max(1) as u64)).unwrap();
    let mut bytes = corpus[below(corpus.len())].clone();
    for _ in 0..=below(4) {
        let (at, n) = (below(bytes.len() + 1), below(16));
        let end = (at + n).min(bytes.len());
        match below(6) {
            0 => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << below(8)),
            1 => bytes.get_mut(at).into_iter().for_each(|byte| *byte = u8::try_from(below(256)).unwrap()),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 => {
                let other = &corpus[below(corpus.len())];
                let from = below(other.len() + 1);
                let part = other[from..(from + below(64)).min(other.len())].to_vec();
                bytes.splice(at..end, part);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes.truncate(4_096);
    bytes
}

/// Every target on inputs nobody wrote, from a seed: `INTAKE_FUZZ_SEED=7` for others.
#[test]
fn whatever_is_made_of_the_corpus_holds() {
    let asked = std::env::var("INTAKE_FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = asked.unwrap_or(1);
    for (name, target) in targets::TARGETS {
        let files = fs::read_dir(root().join("corpus").join(name)).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        let dice = Clock::set_to(Timestamp::UNIX_EPOCH, seed);
        let ((most, long), began, mut n_inputs) = (each(), Instant::now(), 0);
        while n_inputs < most && began.elapsed() < long {
            let bytes = mutated(&corpus, &dice);
            if catch_unwind(|| target(&bytes)).is_err() {
                let found = std::env::temp_dir().join(format!("intake-fuzz-{name}-{seed}"));
                fs::write(&found, &bytes).unwrap();
                panic!(
                    "`{name}` fell over input {n_inputs} of INTAKE_FUZZ_SEED={seed}: {}; once mended, keep it in fuzz/corpus/{name}",
                    found.display()
                );
            }
            n_inputs += 1;
        }
        println!("{name}: {n_inputs} inputs, seed {seed}");
        assert!(n_inputs > 0);
    }
}

#[test]
fn every_target_has_its_program_and_the_corpora_stay_small() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut n_bytes = 0;
    for (name, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "fuzz/Cargo.toml does not know `{name}`");
        let program = fs::read_to_string(root().join("targets").join(format!("{name}.rs"))).unwrap();
        assert!(program.contains(&format!("intake_fuzz::{name}(bytes)")), "targets/{name}.rs calls something else");
        n_bytes += fs::read_dir(root().join("corpus").join(name)).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>();
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets::TARGETS.len());
    assert!(n_bytes <= MOST_BYTES, "the corpora have {n_bytes} bytes");
}
