//! Shared texts: `messages/emergency-text.hbs`, `messages/emergency-text.es.hbs`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::{
    codes,
    diagnostic::{Finding, Problem, did_you_mean},
    source::SourceFile,
    text::{self, Uses},
};
use crate::base::Language;

/// All shared texts of a folder.
#[derive(Clone, Debug, Default)]
pub struct Partials {
    /// By name, then language tag; after the line rule.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    /// Names that each uses, those of the texts within it included.
    pub names: BTreeMap<String, Vec<String>>,
    /// The file of each, the first of its languages.
    pub files: BTreeMap<String, String>,
}

/// The name and language of a shared text's file.
pub fn file_name(name: &str) -> Option<(String, Language)> {
    let stem = name.strip_prefix("messages/")?.strip_suffix(".hbs")?;
    match stem.rsplit_once('.').and_then(|(name, tag)| Some((name.to_owned(), Language::parse(tag)?))) {
        Some(found) => Some(found),
        None => Some((stem.to_owned(), Language::english())),
    }
}

/// A shared text by itself: all that its own words say, whatever other texts there are.
struct ByItself {
    ruled: String,
    uses: Result<Uses, String>,
}

/// As many are remembered; then it begins anew.
const REMEMBERED: usize = 4_096;

/// Reads a shared text, once: hundreds stand beside each flow, and a folder that is read again has changed in few places.
fn by_itself(content: &str) -> Arc<ByItself> {
    static READ: LazyLock<Mutex<HashMap<String, Arc<ByItself>>>> = LazyLock::new(Mutex::default);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = read.get(content) {
        return known.clone();
    }
    if read.len() >= REMEMBERED {
        read.clear();
    }
    let ruled = text::apply_line_rule(content);
    let text = Arc::new(ByItself { uses: text::uses(&ruled), ruled });
    read.insert(content.to_owned(), text.clone());
    text
}

/// Reads all shared texts among the files.
pub fn read(files: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> Partials {
    let mut partials = Partials::default();
    let mut all_uses: BTreeMap<String, Uses> = BTreeMap::new();
    let mut places = Vec::new();
    for (file_name, content, name, language) in
        files.iter().filter_map(|(file, content)| self::file_name(file).map(|(name, language)| (file, content, name, language)))
    {
        let file = SourceFile::new(file_name, content);
        let text = by_itself(content);
        let whole = 0..content.trim_end().len();
        match &text.uses {
            Err(why) => findings.push(
                Problem::new(codes::TEMPLATE, whole, why.clone(), "cannot be read")
                    .help("names stand in two braces on each side, `{{agency.name}}`")
                    .into_finding(&file),
            ),
            Ok(uses) => {
                for (written, what, help) in &uses.wrong {
                    let at = content.find(written.as_str()).map_or(whole.clone(), |at| at..at + written.len());
                    findings
                        .push(Problem::new(codes::TEMPLATE, at, what.clone(), "not what is meant").help(help.clone()).into_finding(&file));
                }
                for (name, why) in &uses.refused {
                    let problem =
                        Problem::new(codes::TEXT_NAME, place_of(content, name).unwrap_or(0..0), why.clone(), "not part of the language");
                    findings.push(problem.into_finding(&file));
                }
                for used in &uses.partials {
                    places.push((file_name.clone(), place_of(content, used).unwrap_or(0..0), name.clone(), used.clone()));
                }
                let known = all_uses.entry(name.clone()).or_default();
                known.names.extend(uses.names.iter().cloned());
                known.partials.extend(uses.partials.iter().cloned());
            }
        }
        let is_source = *file_name == format!("messages/{name}.hbs");
        if is_source || !partials.files.contains_key(&name) {
            partials.files.insert(name.clone(), file_name.clone());
        }
        partials.texts.entry(name).or_default().insert(language.tag().to_owned(), text.ruled.clone());
    }
    for name in partials.texts.keys() {
        let mut names = BTreeSet::new();
        collect(name, &all_uses, &mut names, &mut BTreeSet::new());
        partials.names.insert(name.clone(), names.into_iter().collect());
    }
    for (file_name, range, name, used) in places {
        let Some(content) = files.get(&file_name) else { continue };
        let file = SourceFile::new(&file_name, content);
        let mut reached = BTreeSet::new();
        collect(&used, &all_uses, &mut BTreeSet::new(), &mut reached);
        if !partials.texts.contains_key(&used) {
            findings.push(unknown(&used, range, &partials).into_finding(&file));
        } else if reached.contains(&name) {
            let problem =
                Problem::new(codes::PARTIAL, range, format!("the shared text `{name}` contains itself"), "begins again without end");
            findings.push(problem.help("remove it here").into_finding(&file));
        }
    }
    partials
}

fn collect(name: &str, uses: &BTreeMap<String, Uses>, names: &mut BTreeSet<String>, seen: &mut BTreeSet<String>) {
    if !seen.insert(name.to_owned()) {
        return;
    }
    if let Some(own) = uses.get(name) {
        names.extend(own.names.iter().cloned());
        own.partials.iter().for_each(|inner| collect(inner, uses, names, seen));
    }
}

/// A shared text that is not there.
pub fn unknown(name: &str, range: std::ops::Range<usize>, partials: &Partials) -> Problem {
    let help =
        did_you_mean(name, partials.texts.keys().map(String::as_str)).unwrap_or_else(|| format!("write it in `messages/{name}.hbs`"));
    Problem::new(codes::PARTIAL, range, format!("there is no shared text `{name}`"), "no file of this name").help(help)
}

/// Where a name stands in a text: as a whole word, inside `{{…}}` if it stands there.
pub fn place_of(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    if name.is_empty() {
        return None;
    }
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let mut places = text.match_indices(name).map(|(at, _)| at..at + name.len()).filter(|place| {
        let before = text.get(..place.start).and_then(|before| before.chars().next_back());
        let after = text.get(place.end..).and_then(|after| after.chars().next());
        !is_part(before) && !is_part(after)
    });
    let first = places.next()?;
    let inside = |place: &std::ops::Range<usize>| text.get(..place.start).is_some_and(|before| before.rfind("{{") > before.rfind("}}"));
    if inside(&first) { Some(first) } else { places.find(inside).or(Some(first)) }
}
