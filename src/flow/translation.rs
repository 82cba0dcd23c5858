//! The other languages of a flow: `daily-check.es.yaml`, pairs of source text and translation by step.

use std::ops::Range;

use super::{
    codes,
    diagnostic::{Problem, did_you_mean, nearest},
    lower::Draft,
    model::{Role, Text, Translation},
    source::SourceFile,
    syntax::{Entry, Node, NodeKind},
    text,
};
use crate::base::Language;

/// The key under which texts of the flow itself stand (`starts on`, `silence`).
const OF_FLOW: &str = "flow";

/// One pair as read.
struct Pair {
    from: String,
    from_range: Range<usize>,
    to: String,
    to_range: Range<usize>,
}

/// Puts a translation's texts into the flow. `language` is the one in the file's name.
pub fn apply(draft: &mut Draft, file: &SourceFile<'_>, language: &Language, tree: &Node, problems: &mut Vec<Problem>) {
    let NodeKind::Map(entries) = &tree.kind else {
        problems.push(
            Problem::new(codes::REQUIRED, 0..0, "this file holds no translation", "keys belong here")
                .help(format!("begin it with `language: {language}` and `texts:`")),
        );
        return;
    };
    for entry in entries.iter().filter(|entry| !matches!(entry.key.as_str(), "language" | "texts")) {
        let help = did_you_mean(&entry.key, ["language", "texts"]).unwrap_or_else(|| "a translation has `language` and `texts`".to_owned());
        problems.push(
            Problem::new(
                codes::UNKNOWN_KEY,
                entry.key_range.clone(),
                format!("a translation has no key `{}`", entry.key),
                "not known here",
            )
            .help(help),
        );
    }
    let find = |key: &str| entries.iter().find(|entry| entry.key == key);
    match find("language").map(|entry| (entry, entry.value.scalar())) {
        Some((_, Some(scalar))) if Language::parse(scalar.text.trim()).as_ref() == Some(language) => {}
        Some((entry, _)) => problems.push(
            Problem::new(codes::WRONG_VALUE, entry.value.range.clone(), format!("the file's name says `{language}`"), "another language")
                .help(format!("write `language: {language}`")),
        ),
        None => problems.push(
            Problem::new(codes::REQUIRED, 0..0, "the translation has no `language`", "missing in this file")
                .help(format!("add `language: {language}`")),
        ),
    }
    if !draft.flow.languages.iter().skip(1).any(|declared| declared == language) {
        let at = find("language").map_or(0..0, |entry| entry.value.range.clone());
        problems.push(
            Problem::new(codes::TRANSLATION, at, format!("the flow does not speak `{language}`"), "not among its `languages`")
                .help(format!("add `{language}` to `languages:` in `{}.yaml`", draft.flow.name)),
        );
    }
    match find("texts").map(|entry| &entry.value.kind) {
        Some(NodeKind::Map(steps)) => steps.iter().for_each(|step| of_step(draft, file, language, step, problems)),
        Some(_) | None => problems.push(
            Problem::new(codes::REQUIRED, tree.range.clone(), "the translation has no `texts`", "nothing is translated")
                .help("add `texts:`, below it the steps, and below each the pairs `- from: …` and `to: …`"),
        ),
    }
}

fn of_step(draft: &mut Draft, file: &SourceFile<'_>, language: &Language, step: &Entry, problems: &mut Vec<Problem>) {
    let path = if step.key == OF_FLOW { "" } else { step.key.as_str() };
    if !path.is_empty() && !draft.names.steps.contains_key(path) {
        let inside = format!(".{path}");
        let known = || draft.names.steps.keys().map(String::as_str);
        let meant = known().find(|known| known.ends_with(&inside)).or_else(|| nearest(path, known())).map(str::to_owned);
        let help = match &meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "remove it, or name the step by its full path, as in `each_unwell.danger`".to_owned(),
        };
        for (at, _) in draft.flow.texts.iter().enumerate().filter(|(_, text)| Some(&text.step) == meant.as_ref()) {
            draft.stale.insert((at, language.tag().to_owned()));
        }
        problems
            .push(Problem::new(codes::STALE, step.key_range.clone(), format!("the flow has no step `{path}`"), "no such step").help(help));
        return;
    }
    let NodeKind::List(items) = &step.value.kind else {
        problems.push(
            Problem::new(codes::WRONG_VALUE, step.value.range.clone(), "the texts of a step are a list of pairs", step.value.word())
                .help("begin each with `- from: …`, and `to: …` below it"),
        );
        return;
    };
    let mut stale = Vec::new();
    for item in items {
        let Some(pair) = pair(item, problems) else { continue };
        let mut matched = false;
        for at in 0..draft.flow.texts.len() {
            let Some(text) = draft.flow.texts.get_mut(at).filter(|text| text.step == path) else { continue };
            let is_keyword = text.role == Role::StartsOn;
            let same = if is_keyword { text.source == pair.from.to_uppercase() } else { text.source == pair.from };
            if !same {
                continue;
            }
            matched = true;
            let to = if is_keyword { pair.to.to_uppercase() } else { pair.to.clone() };
            text.translations.insert(language.clone(), Translation { text: to, span: file.span(&pair.to_range) });
        }
        if !matched {
            stale.push(pair);
        }
    }
    // A text that was changed leaves a pair without a text and a text without a pair: that is one finding.
    let is_left = |draft: &Draft, at: usize| {
        draft.flow.texts.get(at).is_some_and(|text| {
            text.step == path && text.role != Role::Label && !text.source.is_empty() && !text.translations.contains_key(language)
        })
    };
    let mut left: Vec<usize> = (0..draft.flow.texts.len()).filter(|&at| is_left(draft, at)).collect();
    for pair in stale {
        let source = |at: &usize| draft.flow.texts.get(*at).map_or("", |text| text.source.as_str());
        let near = nearest(&pair.from, left.iter().map(source)).map(str::to_owned);
        let found = match &near {
            Some(near) => left.iter().position(|at| source(at) == near),
            None => (!left.is_empty()).then_some(0),
        };
        let now = found.map(|position| left.remove(position));
        problems.push(stale_pair(now.and_then(|at| draft.flow.texts.get(at)), &pair));
        draft.stale.extend(now.map(|at| (at, language.tag().to_owned())));
    }
}

fn stale_pair(now: Option<&Text>, pair: &Pair) -> Problem {
    let help = match now {
        Some(text) => format!("the text is now “{}”; translate that one", text.source),
        None => "the text was changed or removed; remove the pair, or translate the new text".to_owned(),
    };
    Problem::new(codes::STALE, pair.from_range.clone(), "no text of this step reads so", "translates nothing").help(help)
}

fn pair(item: &Node, problems: &mut Vec<Problem>) -> Option<Pair> {
    let NodeKind::Map(entries) = &item.kind else {
        problems.push(
            Problem::new(codes::WRONG_VALUE, item.range.clone(), "a translated text is a pair", item.word())
                .help("write `- from: …`, and `to: …` below it"),
        );
        return None;
    };
    for entry in entries.iter().filter(|entry| !matches!(entry.key.as_str(), "from" | "to" | "note")) {
        let help = did_you_mean(&entry.key, ["from", "to", "note"]).unwrap_or_else(|| "a pair has `from`, `to` and `note`".to_owned());
        problems.push(
            Problem::new(codes::UNKNOWN_KEY, entry.key_range.clone(), format!("a pair has no key `{}`", entry.key), "not known here")
                .help(help),
        );
    }
    let mut words = |key: &str| {
        let misspelt = |entry: &&Entry| {
            !matches!(entry.key.as_str(), "from" | "to" | "note") && nearest(&entry.key, ["from", "to", "note"]) == Some(key)
        };
        let entry = entries.iter().find(|entry| entry.key == key).or_else(|| entries.iter().find(misspelt));
        let found = entry.and_then(|entry| Some((text::apply_line_rule(&entry.value.scalar()?.text), entry.value.range.clone())));
        if found.is_none() {
            let range = entry.map_or_else(|| item.range.clone(), |entry| entry.value.range.clone());
            problems.push(
                Problem::new(codes::EMPTY, range, format!("the text of `{key}` is missing"), "no text stands here")
                    .help(format!("add `{key}: …`")),
            );
        }
        found
    };
    let (from, to) = (words("from"), words("to"));
    let ((from, from_range), (to, to_range)) = (from?, to?);
    Some(Pair { from, from_range, to, to_range })
}

/// A language that is declared and has no text at all: one finding instead of one for each text.
fn nothing(draft: &Draft, language: &Language, at: Range<usize>) -> Problem {
    let file = format!("{}.{language}.yaml", draft.flow.name);
    let first = draft.flow.texts.iter().find(|text| text.role != Role::Label && !text.source.is_empty());
    let step = first.map_or(OF_FLOW, |text| if text.step.is_empty() { OF_FLOW } else { &text.step });
    Problem::new(codes::UNTRANSLATED, at, format!("nothing of this flow is translated into `{language}`"), "sent as it stands").help(format!(
        "write `{file}` beside it: `language: {language}`, then `texts:`, below it each step, as in `{step}:`, and below that the pairs `- from: …` and \
         `to: …`; or take `{language}` out of `languages:`"
    ))
}

/// Texts that a declared language lacks. What only the desk sees is not translated.
pub fn missing(draft: &Draft) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut texts = draft.flow.texts.iter().filter(|text| text.role != Role::Label && !text.source.is_empty()).peekable();
    if texts.peek().is_none() {
        return problems;
    }
    for (at, language) in draft.flow.languages.iter().enumerate().skip(1) {
        if !texts.clone().any(|text| text.translations.contains_key(language)) && !draft.stale.iter().any(|(_, tag)| tag == language.tag())
        {
            problems.push(nothing(draft, language, draft.flow.languages_at.get(at).map_or(0..0, |span| span.start..span.end)));
            continue;
        }
        for text in texts.clone() {
            let stale = draft.flow.texts.iter().position(|other| std::ptr::eq(other, text)).map(|at| (at, language.tag().to_owned()));
            if stale.is_some_and(|stale| draft.stale.contains(&stale)) {
                continue;
            }
            if !text.translations.contains_key(language) {
                let key = if text.step.is_empty() { OF_FLOW } else { &text.step };
                problems.push(
                    Problem::new(
                        codes::UNTRANSLATED,
                        text.span.start..text.span.end,
                        format!("this text has no translation into `{language}`"),
                        "sent as it stands",
                    )
                    .help(format!("add the pair under `{key}:` in `{}.{language}.yaml`", draft.flow.name)),
                );
            }
        }
    }
    problems
}
