//! The head of a flow, and the whole of it.

use std::collections::BTreeMap;

use super::{Draft, Lowerer, Place, fields::Fields};
use crate::base::Language;
use crate::flow::{
    codes,
    condition::Names,
    diagnostic::Problem,
    keys,
    model::{Audience, Flow, Role, StepId},
    source::SourceFile,
    syntax::{Entry, Node, NodeKind},
    text,
};

/// Keys of the head that name a shared text for what people ask back, and the text that is said without them.
const ASKED_BACK: &[(&str, &str)] =
    &[("who is this", "who-is-this"), ("is it real", "is-it-real"), ("why we ask", "why-we-ask"), ("how long", "how-long")];

/// Lowers a whole file.
pub fn flow(file: &SourceFile<'_>, stem: &str, tree: &Node, problems: &mut Vec<Problem>) -> Option<Draft> {
    let NodeKind::Map(entries) = &tree.kind else {
        let range = if matches!(tree.kind, NodeKind::Empty) { 0..0 } else { tree.range.clone() };
        problems.push(
            Problem::new(codes::REQUIRED, range, "this file holds no flow", "keys belong here")
                .help("begin it with `flow:`, `languages:`, `for:` and `steps:`"),
        );
        return None;
    };
    let names = Names {
        values: BTreeMap::new(),
        groups: BTreeMap::new(),
        steps: BTreeMap::new(),
        flows: Vec::new(),
        audience: Audience::Anyone,
        languages: Vec::new(),
    };
    let mut lowerer = Lowerer {
        file,
        problems: Vec::new(),
        names,
        declared: Vec::new(),
        texts: Vec::new(),
        text_groups: Vec::new(),
        ends: Vec::new(),
        calls: Vec::new(),
    };
    let draft = lowerer.whole(stem, tree, Fields { entries });
    problems.append(&mut lowerer.problems);
    Some(draft)
}

impl<'t> Lowerer<'t> {
    fn whole(&mut self, stem: &str, tree: &'t Node, fields: Fields<'t>) -> Draft {
        self.only(fields, keys::FLOW, "a flow");
        let missing: Vec<&str> = ["flow", "languages", "for", "steps"].into_iter().filter(|key| fields.get(key).is_none()).collect();
        for key in missing {
            let help = match key {
                "flow" => format!("add `flow: {stem}` as the first line"),
                "languages" => "add `languages: [en]`; the first is the language written here".to_owned(),
                "for" => "add `for: anyone`, `case`, `contact` or `monitoree`: it decides which names there are".to_owned(),
                _ => "add `steps:` with the steps below it".to_owned(),
            };
            let at = fields.entries.first().map_or(tree.range.clone(), |first| first.key_range.clone());
            self.problem(Problem::new(codes::REQUIRED, at, format!("the flow has no `{key}`"), "missing in this file").help(help));
        }
        let (name, span) = self.name(fields.get("flow"), stem);
        let (languages, languages_at): (Vec<_>, Vec<_>) = self.languages(fields.get("languages")).into_iter().unzip();
        self.names.languages = languages.iter().map(|language| language.tag().to_owned()).collect();
        let audience = fields.get("for").and_then(|entry| self.one_of(entry, &["anyone", "case", "contact", "monitoree"])).map_or(
            Audience::Anyone,
            |word| match word {
                "case" => Audience::Case,
                "contact" => Audience::Contact,
                "monitoree" => Audience::Monitoree,
                _ => Audience::Anyone,
            },
        );
        self.names.audience = audience;
        let needs = fields.get("needs").and_then(|entry| self.words(entry, "identity")).map(|(flow, range)| {
            self.calls.push((flow.to_owned(), range));
            flow.to_owned()
        });
        let ends = fields.get("ends").map(|entry| self.list(entry, "as in `ends: [complete]`")).unwrap_or_default();
        let ends_at = ends.iter().map(|(_, range)| self.file.span(range)).collect();
        self.ends = ends.into_iter().map(|(end, _)| end).collect();
        if let Some(steps) = fields.get("steps") {
            self.block(&steps.value, "steps", "write each step as its name and a colon, and below it, further in, what it says and asks");
            self.declare(&steps.value, None, &[]);
        }
        self.find_calls();
        self.names.flows = self.calls.iter().map(|(flow, _)| flow.clone()).collect();
        self.declare_set();
        let place = Place { is_flow: true, ..Place::default() };
        let starts_on = fields.get("starts on").map(|entry| self.list(entry, "as in `starts on: [CHECK]`")).unwrap_or_default();
        let starts_on = starts_on
            .into_iter()
            .map(|(word, range)| self.keep_text(text::apply_line_rule(&word).to_uppercase(), Role::StartsOn, &range, &place))
            .collect();
        let silence = fields.get("silence").map(|entry| self.silence(entry, &place)).unwrap_or_default();
        let title = fields.get("title").and_then(|entry| self.node_text(&entry.value, "title", "as in `title: Daily symptom check`"));
        let mut named_texts = Vec::new();
        let emergency = fields.get("emergency").and_then(|entry| self.words(entry, "emergency-text")).map(|(name, range)| {
            named_texts.push((name.to_owned(), range));
            name.to_owned()
        });
        let mut asked_back = Vec::new();
        for (key, usual) in ASKED_BACK {
            if let Some((name, range)) = fields.get(key).and_then(|entry| self.words(entry, usual)) {
                named_texts.push((name.to_owned(), range));
                asked_back.push((*usual, name.to_owned()));
            }
        }
        let steps = (0..self.declared.len()).filter_map(|index| self.step(index)).collect();
        let top = self.declared.iter().enumerate().filter(|(_, declared)| declared.group.is_none()).map(|(at, _)| StepId(at)).collect();
        Draft {
            flow: Flow {
                title: title.map_or_else(|| name.clone(), |title| text::apply_line_rule(&title)),
                name,
                languages,
                languages_at: languages_at.iter().map(|range| self.file.span(range)).collect(),
                audience,
                needs,
                emergency,
                asked_back,
                starts_on,
                ends: self.ends.clone(),
                ends_at,
                silence,
                steps,
                top,
                texts: std::mem::take(&mut self.texts),
                span,
            },
            names: self.names.clone(),
            text_groups: std::mem::take(&mut self.text_groups),
            calls: std::mem::take(&mut self.calls),
            named_texts,
            stale: std::collections::BTreeSet::new(),
        }
    }

    fn name(&mut self, entry: Option<&Entry>, stem: &str) -> (String, crate::flow::source::Span) {
        let Some((name, range)) = entry.and_then(|entry| self.words(entry, stem)) else {
            return (stem.to_owned(), self.file.span(&(0..0)));
        };
        if name != stem {
            self.problem(
                Problem::new(
                    codes::NAME,
                    range.clone(),
                    format!("the flow is called `{name}`, its file `{stem}`"),
                    "not the name of the file",
                )
                .help(format!("write `flow: {stem}`, or rename the file to `{name}.yaml`")),
            );
        }
        (stem.to_owned(), self.file.span(&range))
    }

    /// The languages, each with its place.
    fn languages(&mut self, entry: Option<&Entry>) -> Vec<(Language, std::ops::Range<usize>)> {
        let written = entry.map(|entry| self.list(entry, "as in `languages: [en, es]`")).unwrap_or_default();
        let mut all: Vec<(Language, std::ops::Range<usize>)> = Vec::new();
        for (tag, range) in written {
            match Language::parse(&tag) {
                Some(language) if all.iter().any(|(other, _)| *other == language) => {
                    self.problem(Problem::new(codes::DUPLICATE, range, format!("`{tag}` stands twice"), "again here").help("keep it once"));
                }
                Some(language) => all.push((language, range)),
                None => {
                    self.problem(
                        Problem::new(codes::WRONG_VALUE, range.clone(), format!("`{tag}` is no language"), "not a language tag")
                            .help("write its short tag, as in `en`, `es`, `pt-BR`"),
                    );
                    // Its place is kept, so that the others stay what they are.
                    if all.is_empty() {
                        all.push((Language::english(), range));
                    }
                }
            }
        }
        if all.is_empty() {
            all.push((Language::english(), 0..0));
        }
        all
    }

    /// Flows that steps call.
    fn find_calls(&mut self) {
        for declared in self.declared.clone() {
            let NodeKind::Map(entries) = &declared.entry.value.kind else { continue };
            if let Some(call) = (Fields { entries }).get("call")
                && let Some(scalar) = call.value.scalar()
            {
                self.calls.push((scalar.text.trim_matches(['"', '\'']).to_owned(), call.value.range.clone()));
            }
        }
    }
}
