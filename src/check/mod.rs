//! What is wrong with a flow, beyond what reading it shows. Pure.
//!
//! ```text
//! Revision (compiled) + Surroundings ──▶ Subject { flow, graph } ──▶ every rule of the table ──▶ findings, in file order
//! ```
//! One rule a file under `rules/`, each with its page for `intake explain CODE` and two examples that are run as its test. A rule looks at
//! the whole flow and reports everything it sees; none stops at the first problem, and none knows of another. What is certain is an error,
//! what is probable a warning, what is worth knowing a note: where a rule is not sure, it is silent.

pub mod cover;
pub mod fill;
pub mod graph;
pub mod logic;
pub mod message;
pub mod rules;
pub mod walk;
pub mod words;

use std::sync::Arc;

use crate::{
    base::{Language, Medium},
    flow::{
        codes::Page,
        diagnostic::{Finding, Place},
        library::Revision,
        model::Flow,
        source::Span,
    },
};
use graph::Graph;

/// One rule.
pub struct Rule {
    /// What `intake explain` prints; its code marks the rule's findings.
    pub page: Page,
    /// Looks at a flow and adds what it finds.
    pub run: fn(&Subject<'_>, &mut Vec<Finding>),
}

/// What stands around a flow and is not written in it. The default assumes the usual and complains of nothing that is not known.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Whether somebody is called outside opening hours.
    pub on_call: bool,
    /// Whether the agency has a telephone line that patients are told.
    pub phone_line: bool,
    /// The media that flows are used on.
    pub media: Vec<Medium>,
    /// Characters of the agency's name.
    pub agency_name_chars: usize,
    /// Characters of the emergency number.
    pub emergency_number_chars: usize,
    /// Characters of the telephone line as it is shown.
    pub phone_line_chars: usize,
    /// Characters of a person's name or label, at worst.
    pub person_name_chars: usize,
    /// People who share a phone, at worst.
    pub household: usize,
    /// Words that may not be said before identity holds, besides the usual: names of diseases, from their profiles.
    pub restricted: Vec<String>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            on_call: true,
            phone_line: true,
            media: vec![Medium::Sms, Medium::WhatsApp],
            agency_name_chars: 24,
            emergency_number_chars: 3,
            phone_line_chars: 15,
            person_name_chars: 12,
            household: 4,
            restricted: Vec::new(),
        }
    }
}

/// What a rule looks at.
pub struct Subject<'a> {
    /// The revision: the flow, those it calls, the shared texts.
    pub revision: &'a Revision,
    /// The flow that is checked.
    pub flow: &'a Flow,
    /// Its graph.
    pub graph: Graph,
    /// What stands around it.
    pub around: &'a Surroundings,
    source_language: Language,
}

impl Subject<'_> {
    /// The language that the flow's own file is written in.
    pub const fn source_language(&self) -> &Language {
        &self.source_language
    }

    /// A shared text in a language, in the source's or English where it has none.
    pub fn partial(&self, name: &str, language: &Language) -> Option<&str> {
        let texts = self.revision.partials.get(name)?;
        [language.tag(), self.source_language.tag(), "en"].into_iter().find_map(|tag| texts.get(tag)).map(String::as_str)
    }
}

/// The table of rules.
static RULES: &[&Rule] = &[
    &rules::unreachable::RULE,
    &rules::runs_out::RULE,
    &rules::silent_loop::RULE,
    &rules::skipped_alarm::RULE,
    &rules::used_early::RULE,
    &rules::outrun_alarm::RULE,
    &rules::alike::RULE,
    &rules::bounds::RULE,
    &rules::segments::RULE,
    &rules::too_long::RULE,
    &rules::whatsapp::RULE,
    &rules::opt_out_word::RULE,
    &rules::restricted::RULE,
    &rules::consent::RULE,
    &rules::emergency::RULE,
    &rules::nobody_on_call::RULE,
    &rules::no_human::RULE,
    &rules::reading_grade::RULE,
    &rules::unused::RULE,
    &rules::endless_silence::RULE,
    &rules::never_holds::RULE,
    &rules::hidden_arm::RULE,
    &rules::window::RULE,
    &rules::gap::RULE,
    &rules::deaf::RULE,
];

/// Everything that the rules find in the root flow of a revision, in the order of its files. The flows it calls are checked as roots of their own.
pub fn check(revision: &Revision, around: &Surroundings) -> Vec<Finding> {
    let Some(flow) = revision.root() else { return Vec::new() };
    let source_language = flow.languages.first().cloned().unwrap_or_else(Language::english);
    let subject = Subject { revision, flow, graph: Graph::of(flow), around, source_language };
    let mut findings = Vec::new();
    for rule in RULES {
        (rule.run)(&subject, &mut findings);
    }
    in_order(findings)
}

/// What the rules find in each of several revisions: all flows of a folder.
pub fn check_all<'r>(revisions: impl IntoIterator<Item = &'r Arc<Revision>>, around: &Surroundings) -> Vec<Finding> {
    in_order(revisions.into_iter().flat_map(|revision| check(revision, around)).collect())
}

fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| (&a.place.span.file, a.place.span.start, a.code).cmp(&(&b.place.span.file, b.place.span.start, b.code)));
    findings.dedup();
    findings
}

/// The page of a code, of reading or of a rule.
pub fn explain(code: &str) -> Option<&'static Page> {
    pages().find(|page| page.code.eq_ignore_ascii_case(code))
}

/// All pages: those of reading, then those of the rules.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    crate::flow::codes::PAGES.iter().chain(rule_pages())
}

/// The pages of the rules.
pub fn rule_pages() -> impl Iterator<Item = &'static Page> {
    RULES.iter().map(|rule| &rule.page)
}

/// A finding of a rule at its usual level, without help.
fn finding(page: &Page, span: &Span, label: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding {
        code: page.code,
        level: page.level,
        message: message.into(),
        place: Place { span: span.clone(), label: label.into() },
        also: Vec::new(),
        help: None,
    }
}
