//! What people write, and how it must be read: `tests/answers/<language>.jsonl`.
//!
//! A line holds replies with one right reading: `{"ask":"yes/no","said":["y","Yes!"],"value":true}`; `"refused":true` (or the reason) where the reply
//! must be asked again. Fields of [`intake::answer::case`] may stand on any line; what is missing comes from [`BASE`]. The test prints how many
//! of each kind were read right, refused though clear, and wrong (clear but false), which is the worst.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// A Wednesday.
const TODAY: Date = Date::constant(2026, 3, 11);
const COUNTRIES: &[(&str, &str)] = &[("en", "US"), ("es", "US"), ("fr", "FR"), ("pt", "BR"), ("ar", "EG"), ("zh", "CN"), ("hi", "IN")];

#[derive(Default)]
struct Score {
    right: usize,
    unread: usize,
    wrong: usize,
}

#[derive(Default)]
struct Tally {
    kinds: BTreeMap<String, Score>,
    refused: usize,
    emergencies: usize,
    emergencies_heard: usize,
    faults: Vec<String>,
}

impl Tally {
    fn all(&self) -> usize {
        self.kinds.values().map(|s| s.right + s.unread + s.wrong).sum()
    }

    fn right(&self) -> usize {
        self.kinds.values().map(|s| s.right).sum()
    }

    fn wrong(&self) -> usize {
        self.kinds.values().map(|s| s.wrong).sum()
    }
}

fn play(language: &str, text: &str) -> Tally {
    let mut tally = Tally::default();
    let country = COUNTRIES.iter().find(|(l, _)| *l == language).map_or("US", |(_, c)| c);
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let case: Map<String, Value> = serde_json::from_str(line).unwrap_or_else(|e| panic!("{language}.jsonl:{}: {e}", n + 1));
        let replies: Vec<&str> = case["said"]
            .as_array()
            .map(|list| list.iter().map(|s| s.as_str().unwrap()).collect())
            .unwrap_or_else(|| vec![case["said"].as_str().unwrap()]);
        for said in replies {
            one(&mut tally, language, country, n + 1, &case, said);
        }
    }
    tally
}

fn one(tally: &mut Tally, language: &str, country: &str, line: usize, case: &Map<String, Value>, said: &str) {
    let mut ask = case.clone();
    for field in ["value", "refused", "note"] {
        ask.remove(field);
    }
    ask.entry("language").or_insert_with(|| json!(language));
    ask.entry("country").or_insert_with(|| json!(country));
    ask.insert("said".to_owned(), json!(said));
    let answer: Value = serde_json::from_str(&intake::answer::case::run(&Value::Object(ask).to_string(), TODAY)).unwrap();
    assert!(answer.get("error").is_none(), "{language}.jsonl:{line}: {answer}");
    let clear = answer["reading"] == "clear";
    let kind = case["ask"].as_str().unwrap().to_owned();
    let score = tally.kinds.entry(kind).or_default();
    let refused = case.get("refused");
    let wanted = case.get("value");
    let right = match (refused, wanted) {
        (Some(Value::String(reason)), _) => answer["reason"] == *reason || answer["reading"] == *reason,
        (Some(_), _) => !clear,
        (None, Some(value)) => clear && answer["value"] == *value,
        (None, None) => panic!("{language}.jsonl:{line}: neither `value` nor `refused`"),
    };
    tally.refused += usize::from(refused.is_some());
    if wanted == Some(&json!("EMERGENCY")) {
        tally.emergencies += 1;
        tally.emergencies_heard += usize::from(right);
    }
    if right {
        score.right += 1;
        return;
    }
    if clear {
        score.wrong += 1
    } else {
        score.unread += 1
    }
    tally.faults.push(format!("{language}.jsonl:{line}: {said:?}: {answer} instead of {}", wanted.or(refused).unwrap()));
}

fn judge(language: &str, text: &str, least: usize) {
    let tally = play(language, text);
    println!("{language}: {} replies, {} to be refused", tally.all(), tally.refused);
    for (kind, score) in &tally.kinds {
        println!("  {kind:<16} right {:>4}   unread {:>3}   wrong {:>3}", score.right, score.unread, score.wrong);
    }
    println!("  emergencies heard {} of {}", tally.emergencies_heard, tally.emergencies);
    for fault in &tally.faults {
        println!("  {fault}");
    }
    let all = tally.all();
    assert!(all >= least, "{language}: {all} replies are fewer than {least}");
    assert!(tally.refused * 5 >= all, "{language}: only {} of {all} must be asked again: a fifth is asked for", tally.refused);
    assert!(tally.right() * 100 >= all * 97, "{language}: {} of {all} read right", tally.right());
    assert!(tally.wrong() * 1_000 <= all * 5, "{language}: {} of {all} read wrong", tally.wrong());
    assert!(tally.emergencies_heard * 100 >= tally.emergencies * 99, "{language}: emergencies missed");
}

#[test]
fn english_replies_are_read_as_a_nurse_would() {
    judge("en", include_str!("answers/en.jsonl"), 300);
}

#[test]
fn spanish_replies_are_read_as_a_nurse_would() {
    judge("es", include_str!("answers/es.jsonl"), 300);
}

#[test]
fn french_replies_are_read_as_a_nurse_would() {
    judge("fr", include_str!("answers/fr.jsonl"), 300);
}

#[test]
fn portuguese_replies_are_read_as_a_nurse_would() {
    judge("pt", include_str!("answers/pt.jsonl"), 300);
}

#[test]
fn arabic_replies_are_read_as_a_nurse_would() {
    judge("ar", include_str!("answers/ar.jsonl"), 300);
}

#[test]
fn chinese_replies_are_read_as_a_nurse_would() {
    judge("zh", include_str!("answers/zh.jsonl"), 300);
}

/// Hindi stands for a language added by data alone.
#[test]
fn hindi_replies_are_read_by_data_alone() {
    judge("hi", include_str!("answers/hi.jsonl"), 60);
}

/// Every kind of question, for [`no_reply_of_any_kind_makes_the_reader_fail`].
fn asked() -> Vec<Value> {
    let options = json!({"fever": "Fever or chills", "cough": "Cough", "head": "头痛"});
    let mut asked: Vec<Value> = [
        "yes/no",
        "yes/no/unsure",
        "number",
        "temperature",
        "date",
        "time",
        "duration",
        "phone",
        "email",
        "name",
        "place",
        "text",
        "consent",
        "birth year",
        "date of birth",
        "keyword",
        "question",
    ]
    .iter()
    .map(|ask| json!({ "ask": ask }))
    .collect();
    asked.push(json!({ "ask": "one of", "options": options }));
    asked.push(json!({ "ask": "any of", "options": options, "none": "None" }));
    asked
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_reply_of_any_kind_makes_the_reader_fail(said in "(\\PC{0,40}|[0-9/.,:+() -]{0,30}|([a-zñé]{1,9} ){0,12}|[一-十百千万年月日号天前]{0,12}|[0-9]{1,12}( (days|ago|y|de|march|of|th|to|and) [0-9]{1,4}){0,4})") {
        for language in ["en", "es", "fr", "pt", "ar", "zh", "hi"] {
            for mut ask in asked() {
                ask["language"] = json!(language);
                ask["country"] = json!("US");
                ask["said"] = json!(said);
                let answer: Value = serde_json::from_str(&intake::answer::case::run(&ask.to_string(), TODAY)).unwrap();
                proptest::prop_assert!(answer.get("error").is_none());
            }
        }
    }
}

/// Eight times the letters take about eight times as long, never near the 64 times of a square. The shortest of several runs is compared: a busy
/// machine only ever makes a run longer, so more runs bring the truth nearer.
#[test]
fn a_long_reply_takes_linear_time() {
    const ROUNDS: usize = 20;
    for unit in [
        "no ",
        "1 2 ",
        "3 days ago ",
        "a",
        "一",
        "لا ",
        "cant ",
        "-",
        "5-5/",
        "chest ",
        "two thirds ",
        "fever no, ",
        "and my son ",
        "more than ",
    ] {
        let time = |n: usize| {
            let said = unit.repeat(n);
            let start = std::time::Instant::now();
            for mut ask in asked() {
                ask["said"] = json!(said);
                intake::answer::case::run(&ask.to_string(), TODAY);
            }
            start.elapsed()
        };
        let n = 250 / unit.chars().count();
        time(4);
        let (mut part, mut whole) = (time(n), time(8 * n));
        for _ in 0..ROUNDS {
            if whole < part * 24 {
                break;
            }
            part = part.min(time(n));
            whole = whole.min(time(8 * n));
        }
        assert!(whole < part * 24, "{unit:?}: {part:?} for an eighth, {whole:?} for the whole");
    }
}
