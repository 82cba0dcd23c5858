//! Taking keys and values out of the tree, with findings for what is not as it should be.

use std::ops::Range;

use super::Lowerer;
use crate::flow::{
    codes,
    diagnostic::{Problem, nearest},
    keys,
    syntax::{Entry, Node, NodeKind},
};

/// The keys of a block.
#[derive(Clone, Copy)]
pub struct Fields<'t> {
    pub entries: &'t [Entry],
}

impl<'t> Fields<'t> {
    /// A key's entry; else that of a misspelt key which surely means it, so that one slip is one finding.
    pub fn get(self, key: &str) -> Option<&'t Entry> {
        let exact = self.entries.iter().find(|entry| entry.key == key);
        exact.or_else(|| self.entries.iter().find(|entry| means(&entry.key, key)))
    }

    /// The first of several keys that stands here.
    pub fn first_of(self, keys: &[&str]) -> Option<&'t Entry> {
        self.entries.iter().find(|entry| keys.contains(&entry.key.as_str()))
    }
}

/// Words that designers write for ours.
const ALIASES: &[(&str, &str)] = &[
    ("text", "say"),
    ("message", "say"),
    ("question", "say"),
    ("msg", "say"),
    ("body", "say"),
    ("send", "say"),
    ("tell", "say"),
    ("type", "ask"),
    ("answer", "ask"),
    ("input", "ask"),
    ("expect", "ask"),
    ("if", "when"),
    ("condition", "when"),
    ("only if", "when"),
    ("goto", "go"),
    ("jump", "go"),
    ("next", "go"),
    ("choices", "options"),
    ("answers", "options"),
    ("otherwise", "else"),
    ("foreach", "for each"),
    ("finish", "end"),
    ("stop", "end"),
    ("reason", "because"),
    ("why", "because"),
    ("timeout", "silence"),
    ("reminder", "silence"),
    ("name", "flow"),
    ("id", "flow"),
    ("audience", "for"),
    ("language", "languages"),
    ("lang", "languages"),
    ("trigger", "starts on"),
    ("keywords", "starts on"),
    ("description", "title"),
    ("max", "tries"),
    ("attempts", "tries"),
    ("run", "call"),
    ("synonyms", "words"),
];

/// Where keys of a step belong that are often written into arms.
const BELONGS: &[(&str, &str)] = &[
    ("call", "write a step of its own with `when:` and `call:`, and `go` there, or let it follow"),
    ("ask", "arms ask nothing: write a step of its own with `when:`, `say:` and `ask:`, or `go` to one"),
    ("options", "they stand beside `ask` in a step of its own"),
    ("repeat", "write a step of its own with `when:` and `repeat:`"),
    ("for each", "write a step of its own with `when:` and `for each:`"),
    ("go", "there is no reply to go on with: write `end: no reply`, or call a human with `task` or `escalate`"),
    ("resume", "it stands beside `escalate`"),
];

/// Whether a key that is not of the language means this one.
fn means(written: &str, key: &str) -> bool {
    if keys::is_known(written) || keys::LATER.contains(&written) {
        return false;
    }
    match ALIASES.iter().filter(|(other, _)| *other == written.to_lowercase()).map(|(_, ours)| *ours).collect::<Vec<_>>().as_slice() {
        [] => nearest(written, [key]).is_some(),
        ours => ours.contains(&key),
    }
}

impl Lowerer<'_> {
    /// Finds keys that do not belong in a block.
    pub fn only(&mut self, fields: Fields<'_>, allowed: &[&str], what: &str) {
        for entry in fields.entries.iter().filter(|entry| !allowed.contains(&entry.key.as_str())) {
            let key = entry.key.as_str();
            if key.starts_with(['<', '&', '*', '!', '?', '{']) {
                // Found by the scanner.
                continue;
            }
            if keys::LATER.contains(&key) {
                self.problem(
                    Problem::new(
                        codes::NOT_BUILT,
                        entry.key_range.clone(),
                        format!("`{key}` is planned, but not built yet"),
                        "not built yet",
                    )
                    .help("leave it out for now"),
                );
                continue;
            }
            let alias = ALIASES.iter().find(|(other, ours)| *other == key.to_lowercase() && allowed.contains(ours)).map(|(_, ours)| *ours);
            let elsewhere = || match (keys::is_known(key), keys::FLOW.contains(&key)) {
                (true, true) => format!("`{key}` belongs at the top of the file, not here"),
                (true, false) => match BELONGS.iter().find(|(other, _)| *other == key) {
                    Some((_, instead)) if what != "a step" => format!("`{key}` does not belong in {what}; {instead}"),
                    Some(_) | None => format!("`{key}` does not belong in {what}; is this line far enough in?"),
                },
                _ => format!("{what} knows {}", listed(allowed)),
            };
            let help = match alias.or_else(|| nearest(key, allowed.iter().copied())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => elsewhere(),
            };
            self.problem(
                Problem::new(codes::UNKNOWN_KEY, entry.key_range.clone(), format!("{what} has no key `{key}`"), "not known here")
                    .help(help),
            );
        }
    }

    /// A value of one line or block as words, without surrounding quotes.
    pub fn words<'t>(&mut self, entry: &'t Entry, example: &str) -> Option<(&'t str, Range<usize>)> {
        let example = format!("as in `{}: {example}`", entry.key);
        self.node_words(&entry.value, &entry.key, &example)
    }

    /// The same for a value that has no key of its own.
    pub fn node_words<'t>(&mut self, node: &'t Node, key: &str, example: &str) -> Option<(&'t str, Range<usize>)> {
        match &node.kind {
            NodeKind::Scalar(scalar) if !matches!(scalar.text.trim(), "" | "~" | "null") => Some(unquoted(&scalar.text, &node.range)),
            NodeKind::Scalar(_) | NodeKind::Empty => {
                self.problem(
                    Problem::new(codes::EMPTY, node.range.clone(), format!("`{key}` has no value"), "nothing stands here")
                        .help(format!("give it one, {example}")),
                );
                None
            }
            NodeKind::List(_) | NodeKind::Map(_) => {
                let message = format!("`{key}` takes a single value, not {}", node.word());
                self.problem(
                    Problem::new(codes::WRONG_VALUE, node.range.clone(), message, "a single value belongs here")
                        .help(format!("write it on one line, {example}")),
                );
                None
            }
        }
    }

    /// A list: `[a, b]`, `- ` items, or a single word.
    pub fn list(&mut self, entry: &Entry, example: &str) -> Vec<(String, Range<usize>)> {
        match &entry.value.kind {
            NodeKind::List(items) => items
                .iter()
                .filter_map(|item| self.node_words(item, &entry.key, example))
                .map(|(word, range)| (word.to_owned(), range))
                .collect(),
            NodeKind::Scalar(scalar) if scalar.text.trim_start().starts_with('[') => {
                let source = self.file.slice(&entry.value.range);
                let opened = source.strip_prefix('[').unwrap_or(source);
                let inner = opened.trim_end().strip_suffix(']').unwrap_or_else(|| {
                    self.problem(
                        Problem::new(codes::UNREADABLE, entry.value.range.clone(), "this list does not end", "it begins here")
                            .help(format!("close it with `]`, {example}")),
                    );
                    opened
                });
                let mut at = entry.value.range.start + 1;
                let mut items = Vec::new();
                for item in inner.split(',') {
                    let trimmed = item.trim();
                    let start = at + (item.len() - item.trim_start().len());
                    if !trimmed.is_empty() {
                        let (word, range) = unquoted(trimmed, &(start..start + trimmed.len()));
                        items.push((word.to_owned(), range));
                    }
                    at += item.len() + 1;
                }
                items
            }
            NodeKind::Scalar(_) | NodeKind::Empty | NodeKind::Map(_) => {
                self.node_words(&entry.value, &entry.key, example).map(|(word, range)| (word.to_owned(), range)).into_iter().collect()
            }
        }
    }

    /// A block of keys.
    pub fn block<'t>(&mut self, node: &'t Node, key: &str, help: &str) -> Option<Fields<'t>> {
        match &node.kind {
            NodeKind::Map(entries) => Some(Fields { entries }),
            NodeKind::Empty => {
                self.problem(Problem::new(codes::EMPTY, node.range.clone(), format!("nothing stands under `{key}`"), "empty").help(help));
                None
            }
            // Braces are found by the scanner.
            NodeKind::Scalar(scalar) if scalar.text.starts_with('{') => None,
            NodeKind::Scalar(_) | NodeKind::List(_) => {
                let message = format!("`{key}` takes a block of keys, not {}", node.word());
                self.problem(
                    Problem::new(codes::WRONG_VALUE, node.range.clone(), message, "keys belong here, each on its line, further in")
                        .help(help),
                );
                None
            }
        }
    }

    /// `yes` or `no`.
    pub fn yes_or_no(&mut self, entry: &Entry) -> bool {
        match self.words(entry, "yes") {
            Some(("yes", _)) => true,
            Some(("no", _)) | None => false,
            Some((other, range)) => {
                let (message, key) = (format!("`{}` is yes or no, not `{other}`", entry.key), &entry.key);
                self.problem(
                    Problem::new(codes::WRONG_VALUE, range, message, "neither yes nor no")
                        .help(format!("write `{key}: yes`, or leave it out")),
                );
                false
            }
        }
    }

    /// One of a few words.
    pub fn one_of<'a>(&mut self, entry: &Entry, allowed: &[&'a str]) -> Option<&'a str> {
        let (word, range) = self.words(entry, allowed.first().copied().unwrap_or("…"))?;
        if let Some(found) = allowed.iter().find(|known| **known == word) {
            return Some(found);
        }
        let help = nearest(word, allowed.iter().copied())
            .map_or_else(|| format!("write {}", listed(allowed)), |near| format!("did you mean `{near}`?"));
        let message = format!("`{}` cannot be `{word}`", entry.key);
        self.problem(Problem::new(codes::WRONG_VALUE, range, message, "not one of the words it takes").help(help));
        None
    }

    /// A whole number within bounds.
    pub fn whole_number(&mut self, entry: &Entry, from: u16, to: u16) -> Option<u16> {
        let (word, range) = self.words(entry, &from.to_string())?;
        match word.parse::<u16>() {
            Ok(number) if (from..=to).contains(&number) => Some(number),
            _ => {
                let message = format!("`{}` is a whole number from {from} to {to}", entry.key);
                self.problem(
                    Problem::new(codes::WRONG_VALUE, range, message, "not such a number")
                        .help(format!("write `{}: {from}` or more, up to {to}", entry.key)),
                );
                None
            }
        }
    }
}

fn unquoted<'t>(text: &'t str, range: &Range<usize>) -> (&'t str, Range<usize>) {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    let quoted =
        ['"', '\''].iter().any(|quote| text.len() >= 2 && text.starts_with(*quote) && text.ends_with(*quote) && !inner.contains(*quote));
    if quoted { (inner, range.start + 1..range.end.saturating_sub(1)) } else { (text, range.clone()) }
}

/// `a`, `b`, `c`
pub fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Reads `4 hours` as seconds.
pub fn seconds(words: &str) -> Option<i64> {
    let (number, unit) = words.trim().split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| (1..=10_000).contains(number))?;
    let one = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(number * one)
}
