//! What the fuzzer starts from and what it found, without the fuzzer: every kept input holds on every machine.

use std::{fs, panic::catch_unwind, path::PathBuf};

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
