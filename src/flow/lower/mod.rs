//! From a tree to a flow: what each key means, and what is wrong with what stands there.
//!
//! First all steps are declared (names, kinds of answers, options, groups), so that conditions and jumps may name what comes later;
//! then everything is lowered, each condition compiled against the names. What cannot be read is found and left out; the rest goes on.
//! Other flows, shared texts and translations are looked at in [`super::library`], which knows them all.

mod arm;
mod ask;
mod declare;
mod fields;
mod flow;
mod step;

use std::ops::Range;

use super::{
    codes,
    condition::{self, Condition, Expression, Names, Type},
    diagnostic::Problem,
    model::{Flow, Role, StepId, Text, TextId},
    source::SourceFile,
    syntax::{Entry, Node},
    text,
};

/// A flow that is read, with what can only be judged beside other files.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The flow; texts without translations and names.
    pub flow: Flow,
    /// Its names with their types.
    pub names: Names,
    /// The groups around each text, innermost first; goes with [`Flow::texts`].
    pub text_groups: Vec<Vec<String>>,
    /// Flows called or needed, with the places where they are named.
    pub calls: Vec<(String, Range<usize>)>,
    /// Shared texts that the head names, `emergency` and the answers to questions back, and where.
    pub named_texts: Vec<(String, Range<usize>)>,
    /// Texts, with a language's tag, whose translation is there but stale: found there, not as missing.
    pub stale: std::collections::BTreeSet<(usize, String)>,
}

/// Lowers a tree. `stem` is the file's name without `.yaml`. `None` where the file is no block of keys at all.
pub fn lower(file: &SourceFile<'_>, stem: &str, tree: &Node, problems: &mut Vec<Problem>) -> Option<Draft> {
    flow::flow(file, stem, tree, problems)
}

/// A step as declared.
#[derive(Clone, Debug)]
struct Declared<'t> {
    name: String,
    path: String,
    group: Option<usize>,
    entry: &'t Entry,
    next: Option<usize>,
}

/// Where something stands.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The path of the step; empty for the flow itself.
    step: String,
    /// Open groups, innermost first, by path.
    groups: Vec<String>,
    /// The group whose list the step stands in.
    list: Option<usize>,
    /// Whether it is the flow itself.
    is_flow: bool,
}

struct Lowerer<'t> {
    file: &'t SourceFile<'t>,
    problems: Vec<Problem>,
    names: Names,
    declared: Vec<Declared<'t>>,
    texts: Vec<Text>,
    text_groups: Vec<Vec<String>>,
    ends: Vec<String>,
    calls: Vec<(String, Range<usize>)>,
}

impl Lowerer<'_> {
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Keeps a text. One that is missing is found, and kept empty.
    fn text(&mut self, entry: &Entry, role: Role, place: &Place) -> TextId {
        let example = format!("as in `{}: …`", entry.key);
        let source = match self.node_text(&entry.value, &entry.key, &example) {
            Some(raw) => text::apply_line_rule(&raw),
            None => String::new(),
        };
        self.keep_text(source, role, &entry.value.range, place)
    }

    fn node_text(&mut self, node: &Node, key: &str, example: &str) -> Option<String> {
        match node.scalar() {
            // Quotes around a text belong to it.
            Some(scalar) if !matches!(scalar.text.trim(), "" | "~" | "null") => Some(scalar.text.clone()),
            Some(_) if matches!(node.kind, super::syntax::NodeKind::Scalar(_)) => {
                let problem =
                    Problem::new(codes::EMPTY, node.range.clone(), format!("the text of `{key}` is missing"), "no text stands here");
                self.problem(problem.help(format!("write it behind the key or below it, {example}")));
                None
            }
            _ if matches!(node.kind, super::syntax::NodeKind::Empty) => {
                let problem =
                    Problem::new(codes::EMPTY, node.range.clone(), format!("the text of `{key}` is missing"), "no text stands here");
                self.problem(problem.help(format!("write it behind the key or below it, {example}")));
                None
            }
            _ => {
                self.node_words(node, key, example);
                None
            }
        }
    }

    fn keep_text(&mut self, source: String, role: Role, range: &Range<usize>, place: &Place) -> TextId {
        let span = self.file.span(range);
        self.texts.push(Text { role, step: place.step.clone(), source, span, names: Vec::new(), translations: Default::default() });
        self.text_groups.push(place.groups.clone());
        TextId(self.texts.len() - 1)
    }

    /// Compiles a condition from its source in the file, so that places are exact.
    fn condition(&mut self, entry: &Entry, place: &Place) -> Option<Condition> {
        let source = self.source_of(entry)?;
        let mut problems = Vec::new();
        let compiled = condition::compile(self.file.slice(&source), &self.names, &place.groups, &mut problems);
        self.problems.extend(problems.into_iter().map(|problem| problem.moved(source.start)));
        compiled
    }

    /// Compiles a value.
    fn expression(&mut self, source: &Range<usize>, place: &Place) -> Option<(Expression, Type)> {
        let mut problems = Vec::new();
        let compiled = condition::compile_value(self.file.slice(source), &self.names, &place.groups, &mut problems);
        self.problems.extend(problems.into_iter().map(|problem| problem.moved(source.start)));
        compiled
    }

    /// The place of a condition's source, without double quotes around it.
    fn source_of(&mut self, entry: &Entry) -> Option<Range<usize>> {
        self.words(entry, "onset is missing")?;
        Some(bare_source(self.file, &entry.value.range))
    }

    fn id(&self, index: usize) -> StepId {
        StepId(index)
    }
}

/// A condition's source: what stands within double quotes, if they stand around it all.
fn bare_source(file: &SourceFile<'_>, range: &Range<usize>) -> Range<usize> {
    let slice = file.slice(range);
    let quoted = slice.len() >= 2 && slice.starts_with('"') && slice.ends_with('"');
    if quoted { range.start + 1..range.end - 1 } else { range.clone() }
}
