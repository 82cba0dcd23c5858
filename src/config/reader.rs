//! Tables of a TOML file, taken key by key: what is left over is a misspelling, and every problem is told in one pass.

use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Secret, problem::Problem, secret};

type Entry<'i> = (usize, DeValue<'i>);

/// What reading has come upon so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What must be mended.
    pub problems: Vec<Problem>,
    /// Keys of secrets that stand in the file itself, with their lines.
    pub plain_secrets: Vec<(usize, String)>,
    /// The folder of the file.
    pub folder: PathBuf,
    lines: Vec<usize>,
}

impl Notes {
    /// For a text in a folder.
    pub fn new(text: &str, folder: PathBuf) -> Self {
        let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { folder, lines, ..Self::default() }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|end| *end < byte) + 1
    }

    /// Notes a problem.
    pub fn wrong(&mut self, line: Option<usize>, key: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { line, key: key.into(), message: message.into() });
    }
}

/// One table, of which keys are taken.
#[derive(Debug)]
pub(super) struct Section<'i> {
    path: String,
    line: Option<usize>,
    entries: BTreeMap<String, Entry<'i>>,
    known: Vec<&'static str>,
}

impl<'i> Section<'i> {
    /// A section of a table; an absent one is empty.
    pub fn new(path: &str, line: Option<usize>, table: DeTable<'i>, notes: &Notes) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let line = notes.line(key.span().start);
                (key.into_inner().into_owned(), (line, value.into_inner()))
            })
            .collect();
        Self { path: path.to_owned(), line, entries, known: Vec::new() }
    }

    /// The line it begins in, where it stands in the file.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The full name of a key: `channel[0].from`.
    pub fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn take(&mut self, name: &'static str) -> Option<Entry<'i>> {
        self.known.push(name);
        self.entries.remove(name)
    }

    /// A table within it.
    pub fn section(&mut self, name: &'static str, notes: &mut Notes) -> Section<'i> {
        let path = self.key(name);
        match self.take(name) {
            None => Section::new(&path, None, DeTable::new(), notes),
            Some((line, DeValue::Table(table))) => Section::new(&path, Some(line), table, notes),
            Some((line, _)) => {
                notes.wrong(Some(line), &path, format!("must be a table; write `[{path}]` and its keys below"));
                Section::new(&path, Some(line), DeTable::new(), notes)
            }
        }
    }

    /// A list of tables within it: `[[channel]]`.
    pub fn sections(&mut self, name: &'static str, notes: &mut Notes) -> Vec<Section<'i>> {
        let path = self.key(name);
        let Some((line, value)) = self.take(name) else { return Vec::new() };
        let DeValue::Array(array) = value else {
            notes.wrong(Some(line), &path, format!("must be a list of tables; write `[[{path}]]` before each"));
            return Vec::new();
        };
        let mut all = Vec::new();
        for (nth, value) in array.into_iter().enumerate() {
            let path = format!("{path}[{nth}]");
            let line = notes.line(value.span().start);
            match Spanned::into_inner(value) {
                DeValue::Table(table) => all.push(Section::new(&path, Some(line), table, notes)),
                _ => notes.wrong(Some(line), path, "must be a table, as in `{ name = \"…\" }`"),
            }
        }
        all
    }

    /// A text.
    pub fn text(&mut self, name: &'static str, notes: &mut Notes) -> Option<(usize, String)> {
        let key = self.key(name);
        let (line, value) = self.take(name)?;
        match value.as_str().map(str::trim) {
            Some("") => {
                notes.wrong(Some(line), key, "is empty; write its value or leave the line out");
                None
            }
            Some(text) => Some((line, text.to_owned())),
            None => {
                notes.wrong(Some(line), key, format!("is {}, and must be a text in quotes", kind(&value)));
                None
            }
        }
    }

    /// A whole number from 0 on.
    pub fn whole(&mut self, name: &'static str, like: &str, notes: &mut Notes) -> Option<(usize, u32)> {
        let key = self.key(name);
        let (line, value) = self.take(name)?;
        let read = match &value {
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        if read.is_none() {
            notes.wrong(Some(line), key, format!("must be a whole number, as in `{name} = {like}`"));
        }
        read.map(|number| (line, number))
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &'static str, example: &str, notes: &mut Notes) -> Option<String> {
        let there = self.entries.contains_key(name);
        let text = self.text(name, notes);
        if !there {
            notes.wrong(self.line, self.key(name), format!("is missing; write `{name} = \"{example}\"`"));
        }
        text.map(|(_, text)| text)
    }

    /// A text that must be of a form.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, like: &str, notes: &mut Notes) -> Option<T> {
        let key = self.key(name);
        let (line, text) = self.text(name, notes)?;
        let read = text.parse().ok();
        if read.is_none() {
            notes.wrong(Some(line), key, format!("`{text}` cannot be read; write it as in `{like}`"));
        }
        read
    }

    /// A number within bounds.
    pub fn number_within(&mut self, name: &'static str, bounds: RangeInclusive<f64>, notes: &mut Notes) -> Option<f64> {
        let key = self.key(name);
        let (line, value) = self.take(name)?;
        let digits = match &value {
            DeValue::Integer(integer) => Some(integer.as_str()),
            DeValue::Float(float) => Some(float.as_str()),
            _ => None,
        };
        let read = digits.and_then(|digits| digits.replace('_', "").parse::<f64>().ok()).filter(|number| bounds.contains(number));
        if read.is_none() {
            notes.wrong(Some(line), key, format!("must be a number from {} to {}", bounds.start(), bounds.end()));
        }
        read
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &'static str, notes: &mut Notes) -> Vec<(usize, String)> {
        let key = self.key(name);
        let Some((line, value)) = self.take(name) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            notes.wrong(Some(line), key, "must be a list, as in `[\"…\", \"…\"]`");
            return Vec::new();
        };
        let mut all = Vec::new();
        for value in array.iter() {
            let line = notes.line(value.span().start);
            match value.get_ref().as_str() {
                Some(text) => all.push((line, text.trim().to_owned())),
                None => notes.wrong(Some(line), key.clone(), "every entry must be a text in quotes"),
            }
        }
        all
    }

    /// Names and texts: `{ reminder = "daily_reminder_v2" }`.
    pub fn pairs(&mut self, name: &'static str, notes: &mut Notes) -> BTreeMap<String, String> {
        let key = self.key(name);
        let Some((line, value)) = self.take(name) else { return BTreeMap::new() };
        let Some(table) = value.as_table() else {
            notes.wrong(Some(line), key, "must be names with texts, as in `{ reminder = \"daily_reminder_v2\" }`");
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for (name, value) in table {
            match value.get_ref().as_str() {
                Some(text) => {
                    all.insert(name.get_ref().to_string(), text.to_owned());
                }
                None => notes.wrong(Some(notes.line(name.span().start)), format!("{key}.{}", name.get_ref()), "must be a text in quotes"),
            }
        }
        all
    }

    /// A secret, if it is named.
    pub fn secret(&mut self, name: &'static str, notes: &mut Notes) -> Option<Secret> {
        self.secret_and_file(name, notes).map(|found| found.secret)
    }

    /// A secret, if it is named, and the file it was read from.
    pub fn secret_and_file(&mut self, name: &'static str, notes: &mut Notes) -> Option<secret::Found> {
        let key = self.key(name);
        let (line, value) = self.take(name)?;
        match secret::resolve(&value, &notes.folder) {
            Ok(found) => {
                if found.plain {
                    notes.plain_secrets.push((line, key));
                }
                Some(found)
            }
            Err(message) => {
                notes.wrong(Some(line), key, message);
                None
            }
        }
    }

    /// A secret that must be named.
    pub fn needed_secret(&mut self, name: &'static str, notes: &mut Notes) -> Option<Secret> {
        let there = self.entries.contains_key(name);
        let secret = self.secret(name, notes);
        if !there {
            notes.wrong(self.line, self.key(name), format!("is missing; {}", secret::FORMS));
        }
        secret
    }

    /// Tells of every key that nobody took.
    pub fn finish(self, notes: &mut Notes) {
        for (name, (line, _)) in &self.entries {
            let known = self.known.iter().map(|known| (strsim::damerau_levenshtein(known, name), *known)).min();
            let help = match known {
                Some((far, near)) if far <= 1 + name.chars().count() / 3 => format!("did you mean `{near}`?"),
                _ => format!("known here: {}", self.known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")),
            };
            notes.wrong(Some(*line), self.key(name), format!("there is no such key; {help}"));
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
