//! Reading of answers: every reply of `tests/answers`, each measured by itself. `cargo bench --bench answers`.
//!
//! Numbers that would make us act: the median reply over 10 µs, the worst over 50 µs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, clippy::cast_precision_loss)]

mod support;

use std::{collections::BTreeMap, fs, hint::black_box, path::Path, time::Instant};

use intake::answer::case::{self, Asked};
use jiff::civil::Date;
use serde_json::Value;
use support::measure;

/// Each reply is read so often; its time is the least of them.
const TIMES: usize = 25;

/// The replies of one file, made ready, by what was asked.
fn replies(path: &Path) -> Vec<(String, Asked)> {
    let language = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut replies = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let mut case: Value = serde_json::from_str(line).unwrap();
        let said = case["said"].take();
        case["language"] = Value::from(language.clone());
        let said = match said {
            Value::Array(several) => several,
            one => vec![one],
        };
        for said in said {
            case["said"] = said;
            // Keywords and questions asked back are read elsewhere.
            if let Ok(asked) = case::asked(&case.to_string(), Date::constant(2026, 3, 11)) {
                replies.push((format!("{language} {}", case["ask"].as_str().unwrap_or_default()), asked));
            }
        }
    }
    replies
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        all.extend(replies(&entry.unwrap().path()));
    }
    assert!(all.len() > 1_000, "only {} replies were found", all.len());
    let mut times: Vec<(u64, usize)> = Vec::new();
    let mut by_kind: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (nth, (kind, asked)) in all.iter().enumerate() {
        let expected = asked.read();
        let once = || {
            let began = Instant::now();
            let reading = black_box(asked).read();
            let took = u64::try_from(began.elapsed().as_nanos()).unwrap();
            assert_eq!(reading, expected);
            took
        };
        // The least: neighbours on the machine only add.
        let took = (0..TIMES).map(|_| once()).min().unwrap();
        times.push((took, nth));
        by_kind.entry(kind).or_default().push(took);
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2].0, times[times.len() - 1].0);
    println!("{:<24}{:>8}{:>12}{:>12}", "", "replies", "median µs", "worst µs");
    for (kind, mut of_kind) in by_kind {
        of_kind.sort_unstable();
        let us = |ns: u64| ns as f64 / 1_000.0;
        println!("{kind:<24}{:>8}{:>12.2}{:>12.2}", of_kind.len(), us(of_kind[of_kind.len() / 2]), us(of_kind[of_kind.len() - 1]));
    }
    println!("{:<24}{:>8}{:>12.2}{:>12.2}", "all", times.len(), median as f64 / 1e3, worst as f64 / 1e3);
    measure("answers/all, by processor time", || {
        all.iter().map(|(_, asked)| u64::from(black_box(asked.read()) == asked.read())).sum::<u64>() * 2
    });
    measure("yardstick: the replies lower-cased and cut at spaces", || {
        all.iter().map(|(_, asked)| u64::from(black_box(asked.said()).to_lowercase().split_whitespace().count() < 1_000)).sum()
    });
    println!("goals: median 10 µs, worst 50 µs: {}", if median <= 10_000 && worst <= 50_000 { "met" } else { "NOT MET" });
}
