//! The house holds: who may import whom, where time and waiting live, and what is never written. A breach is told with file and line.

use std::{fs, path::Path};

/// The rooms, from the ground up. A room may use those below it and those beside it.
const RANKS: [&[&str]; 12] = [
    &["base"],
    &["answer", "security"],
    &["flow"],
    &["engine"],
    &["render"],
    &["channel"],
    &["check", "people", "desk", "transcript"],
    &["config"],
    &["store", "records", "telemetry"],
    &["runtime"],
    &["web"],
    &["cli"],
];

/// The rooms that do input and output: only they may wait.
const WAITING: [&str; 5] = ["store", "records", "runtime", "web", "cli"];

/// What asks for the time or for chance.
const TIME_AND_CHANCE: [&str; 8] =
    ["Timestamp::now", "Zoned::now", "SystemTime::now", "OffsetDateTime::now", "getrandom::", "rand::", "Uuid::new_v", "Uuid::now_v"];

/// Diseases are data of a deployment: the program works for all of them.
const DISEASES: [&str; 18] = [
    "covid",
    "coronavirus",
    "sars",
    "mers",
    "measles",
    "rubella",
    "mumps",
    "influenza",
    "ebola",
    "marburg",
    "mpox",
    "monkeypox",
    "cholera",
    "dengue",
    "malaria",
    "tuberculosis",
    "pertussis",
    "polio",
];

/// Lines of the longest file.
const LONGEST: usize = 600;

fn rank(room: &str) -> Option<usize> {
    RANKS.iter().position(|rooms| rooms.contains(&room))
}

/// One file's breaches, as `src/base/id.rs:7: …`.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let room = path.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let mut tell = |line: usize, what: String| found.push(format!("{path}:{line}: {what}"));
    for (nth, line) in text.lines().enumerate() {
        for disease in DISEASES {
            if words(line).any(|word| word == disease) {
                tell(nth + 1, format!("names a disease: {disease}"));
            }
        }
    }
    if text.lines().count() > LONGEST {
        tell(LONGEST + 1, format!("is longer than {LONGEST} lines: split it"));
    }
    let code = without_comments_and_tests(text);
    for (nth, line) in code.lines().enumerate() {
        let waits = words(line).any(|word| word == "async" || word == "await");
        if waits && !WAITING.contains(&room) && room != "main" {
            tell(nth + 1, format!("waits, which `{room}` may not"));
        }
        for asked in TIME_AND_CHANCE {
            if line.contains(asked) && path != "src/base/clock.rs" {
                tell(nth + 1, format!("asks `{asked}`, which only base/clock may"));
            }
        }
        if line.contains("Display for Private") {
            tell(nth + 1, "prints what is private".to_owned());
        }
    }
    let Some(own) = rank(room) else {
        if !["lib", "main"].contains(&room) {
            tell(1, format!("`{room}` has no rank"));
        }
        return found;
    };
    for (line, used) in imports(&code) {
        match rank(&used) {
            Some(other) if other > own => tell(line, format!("`{room}` uses `{used}`, which stands above it")),
            Some(_) | None => {}
        }
    }
    found
}

fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

/// The code alone: comments blanked, everything from the unit tests on left out; lines stay where they were.
fn without_comments_and_tests(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        if line.trim() == "#[cfg(test)]" {
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// Every room named after `crate::`, alone or in braces, with its line.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if !rest.starts_with('{') {
            found.push((line, name(rest)));
            continue;
        }
        let (mut depth, mut begins) = (0, false);
        for (offset, c) in rest.char_indices() {
            match c {
                '{' => (depth, begins) = (depth + 1, depth == 0),
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                _ if c.is_whitespace() => {}
                _ if begins && depth == 1 => {
                    found.push((line + rest[..offset].matches('\n').count(), name(&rest[offset..])));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn walk(folder: &Path, check: &mut impl FnMut(&str, &str)) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, check);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
            check(&shown, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_house_holds() {
    let (mut all, mut n_files) = (Vec::new(), 0);
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
        n_files += 1;
        all.extend(breaches(path, text));
    });
    assert!(n_files > 50, "only {n_files} files were looked at");
    assert!(all.is_empty(), "{} breaches:\n{}", all.len(), all.join("\n"));
}

#[test]
fn a_breach_is_found_with_its_line() {
    for (path, text, expected) in [
        ("src/base/id.rs", "use std::fmt;\nuse crate::engine::Event;\n", "src/base/id.rs:2: `base` uses `engine`, which stands above it"),
        (
            "src/flow/model.rs",
            "use crate::{\n    base::{Language, Medium},\n    store::Store,\n};\n",
            "src/flow/model.rs:3: `flow` uses `store`, which stands above it",
        ),
        ("src/engine/run.rs", "fn a() {}\nasync fn b() {}\n", "src/engine/run.rs:2: waits, which `engine` may not"),
        ("src/web/a.rs", "let now = jiff::Timestamp::now();\n", "src/web/a.rs:1: asks `Timestamp::now`, which only base/clock may"),
        ("src/base/private.rs", "impl<T> fmt::Display for Private<T> {}\n", "src/base/private.rs:1: prints what is private"),
        ("src/people/a.rs", "//! Watches for Measles.\n", "src/people/a.rs:1: names a disease: measles"),
        ("src/util/a.rs", "fn a() {}\n", "src/util/a.rs:1: `util` has no rank"),
    ] {
        assert_eq!(breaches(path, text), [expected]);
    }
}

#[test]
fn what_is_allowed_is_no_breach() {
    for (path, text) in [
        ("src/engine/run.rs", "use crate::{base::Language, flow::model::{self, Urgency}};\n"),
        ("src/records/apply.rs", "use crate::store::Line;\nasync fn a() {}\n"),
        ("src/base/clock.rs", "Timestamp::now()\n"),
        ("src/flow/a.rs", "// an async thing stands in `crate::store`\n"),
        ("src/flow/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { use crate::store::Store; }\n"),
    ] {
        assert_eq!(breaches(path, text), [""; 0], "{path}: {text}");
    }
}
