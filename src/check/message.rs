//! What may be sent, at its longest: the words of a step with those before it that go in the same message, options numbered as SMS has them,
//! and names filled.
//!
//! Follows the rules of the language: consecutive `say`s up to the next question are one message, `alone: yes` separates. Only steps that
//! follow each other in one list are joined here: what a jump joins is shorter than what is promised to the budget, or seen at its own step.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{
    Subject,
    fill::{Filling, fill},
    walk::{deeds, steps},
};
use crate::{
    base::{Language, Medium},
    flow::{
        model::{Ask, Body, Kind, Step, StepId, Text, TextId, Wording},
        source::Span,
    },
    render::phrases,
};

/// One message in one language.
#[derive(Clone, Debug)]
pub struct Message {
    /// The words, filled.
    pub text: String,
    /// Whether it asks something.
    pub question: bool,
    /// Where its main text stands, in the language's own file.
    pub span: Span,
}

/// All messages of a flow in a language on a medium, at their longest.
pub fn messages(subject: &Subject<'_>, language: &Language, medium: Medium) -> Vec<Message> {
    let flow = subject.flow;
    let mut all = Vec::new();
    for (id, step) in steps(flow) {
        if joins_the_next(subject, step) {
            continue;
        }
        let before: Vec<TextId> =
            joined_before(subject, id).iter().filter_map(|&id| main_text(subject, flow.step(id), language, medium)).collect();
        let own = main_text(subject, step, language, medium);
        let Some(anchor) = own.or(before.last().copied()) else { continue };
        let paragraphs: Vec<String> = before.iter().chain(own.iter()).map(|&text| worst(subject, text, language)).collect();
        let Body::Ask(ask) = &step.body else {
            all.push(Message { text: paragraphs.join("\n\n"), question: false, span: span(subject, anchor, language) });
            continue;
        };
        let lines: String = choices(subject, ask, language).iter().map(|line| format!("\n{line}")).collect();
        all.push(Message { text: paragraphs.join("\n\n") + &lines, question: true, span: span(subject, anchor, language) });
        for text in ask.retry.into_iter().chain(ask.why) {
            all.push(Message { text: worst(subject, text, language) + &lines, question: true, span: span(subject, text, language) });
        }
    }
    for (_, step) in steps(flow) {
        if let Body::Repeat(repeat) = &step.body {
            for text in [repeat.first, repeat.more].into_iter().flatten() {
                all.push(Message { text: worst(subject, text, language), question: true, span: span(subject, text, language) });
            }
        }
    }
    for deed in deeds(flow) {
        if let (true, Some(say)) = (deed.spot != super::walk::Spot::Last, &deed.actions.say) {
            let text = longest(subject, say, language, medium);
            all.push(Message { text: worst(subject, text, language), question: false, span: span(subject, text, language) });
        }
    }
    all
}

/// Where a text stands in a language's file.
pub fn span(subject: &Subject<'_>, text: TextId, language: &Language) -> Span {
    let text = subject.flow.text(text);
    text.translations.get(language).map_or(&text.span, |translation| &translation.span).clone()
}

/// A text in a language, its names filled with the longest that may stand there.
pub fn worst(subject: &Subject<'_>, text: TextId, language: &Language) -> String {
    let (words, _) = subject.flow.text(text).in_language(language, subject.source_language());
    let filling = Filling {
        name: &|name| "n".repeat(name_chars(subject, name)),
        partial: &|name| subject.partial(name, language).map(str::to_owned),
    };
    fill(words, &filling)
}

/// A text in every language it is written in, with its shared texts and without its names: language, words, place.
pub fn words_of<'a>(subject: &'a Subject<'_>, text: &'a Text) -> Vec<(&'a Language, String, &'a Span)> {
    let source = std::iter::once((subject.source_language(), &text.source, &text.span));
    let translated = text.translations.iter().map(|(language, other)| (language, &other.text, &other.span));
    source
        .chain(translated)
        .map(|(language, words, span)| {
            let filling = Filling { name: &|_| "…".to_owned(), partial: &|name| subject.partial(name, language).map(str::to_owned) };
            (language, fill(words, &filling), span)
        })
        .collect()
}

/// Characters that a name may fill. Longer names exist; these hold for nearly all.
fn name_chars(subject: &Subject<'_>, name: &str) -> usize {
    let around = subject.around;
    match name {
        "agency.name" => around.agency_name_chars,
        "agency.emergency_number" => around.emergency_number_chars,
        "agency.phone_line" => around.phone_line_chars,
        "channel" | "language" => 10,
        _ if name.ends_with("first_name") || name.ends_with("label") => around.person_name_chars,
        _ if name.ends_with("count") || name.ends_with("missed_in_a_row") || name.ends_with("days_left") => 2,
        _ => match super::walk::meant(subject.flow, name, None).map(|id| &subject.flow.step(id).body) {
            Some(Body::Ask(Ask { kind: Kind::Text { max, .. }, .. })) => *max,
            Some(Body::Ask(Ask { kind: Kind::Name, .. })) => around.person_name_chars,
            Some(Body::Ask(Ask { kind: Kind::Number { .. } | Kind::Temperature | Kind::YesNo | Kind::YesNoUnsure, .. })) => 6,
            Some(_) | None => 16,
        },
    }
}

/// Whether a step's words go into the message of the next step of its list.
fn joins_the_next(subject: &Subject<'_>, step: &Step) -> bool {
    let plain = matches!(step.body, Body::Plain) && !step.alone && !super::graph::leaves(&step.last);
    let next = step.next.map(|id| subject.flow.step(id));
    plain && step.when.is_none() && next.is_some_and(|next| !next.alone && matches!(next.body, Body::Plain | Body::Ask(_)))
}

/// The plain steps before a step whose words go into its message, in order.
fn joined_before(subject: &Subject<'_>, id: StepId) -> Vec<StepId> {
    let flow = subject.flow;
    let step = flow.step(id);
    let mut joined = Vec::new();
    if step.alone || !matches!(step.body, Body::Plain | Body::Ask(_)) {
        return joined;
    }
    let before = flow.list(step.group).iter().rev().skip_while(|&&other| other != id).skip(1);
    for &previous in before {
        let previous_step = flow.step(previous);
        if !matches!(previous_step.body, Body::Plain) || previous_step.alone || super::graph::leaves(&previous_step.last) {
            break;
        }
        joined.push(previous);
    }
    joined.reverse();
    joined
}

fn main_text(subject: &Subject<'_>, step: &Step, language: &Language, medium: Medium) -> Option<TextId> {
    step.say.as_ref().map(|say| longest(subject, say, language, medium))
}

/// The variant of a wording that is longest on a medium.
fn longest(subject: &Subject<'_>, wording: &Wording, language: &Language, medium: Medium) -> TextId {
    if let Some((_, own)) = wording.by_medium.iter().find(|(of, _)| *of == medium) {
        return *own;
    }
    let variants = [Some(wording.say), wording.if_you, wording.if_alone];
    variants.into_iter().flatten().max_by_key(|&text| worst(subject, text, language).chars().count()).unwrap_or(wording.say)
}

/// The options of a question as SMS shows them, and how to answer.
fn choices(subject: &Subject<'_>, ask: &Ask, language: &Language) -> Vec<String> {
    let mut lines: Vec<String> =
        ask.options.iter().enumerate().map(|(index, option)| format!("{} {}", index + 1, worst(subject, option.say, language))).collect();
    if let Kind::OnePerson(_) | Kind::People(_) = ask.kind {
        lines.extend((1..=subject.around.household).map(|n| format!("{n} {}", "n".repeat(subject.around.person_name_chars))));
    }
    if let Some(none) = ask.none {
        lines.push(format!("0 {}", worst(subject, none, language)));
    }
    if let Some(hint) = hint(ask) {
        let texts = PHRASES.get(hint);
        let text = texts.and_then(|texts| texts.get(language.primary()).or_else(|| texts.get("en")));
        let filling = Filling { name: &|_| "1 3".to_owned(), partial: &|_| None };
        lines.extend(text.map(|text| fill(text, &filling)));
    }
    lines
}

/// The phrases that say how to answer.
static PHRASES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> = LazyLock::new(phrases::defaults);

/// The phrase that says how to answer by SMS.
const fn hint(ask: &Ask) -> Option<&'static str> {
    match &ask.kind {
        Kind::YesNo | Kind::Consent => Some("hint-yes-no"),
        Kind::YesNoUnsure => Some("hint-yes-no-unsure"),
        Kind::OneOf | Kind::OnePerson(_) => Some("hint-one"),
        Kind::AnyOf | Kind::People(_) if ask.none.is_some() => Some("hint-several-none"),
        Kind::AnyOf | Kind::People(_) => Some("hint-several"),
        Kind::Date(_) => Some("hint-date"),
        Kind::Phone => Some("hint-phone"),
        Kind::Temperature => Some("hint-temperature"),
        Kind::Number { .. } => Some("hint-number"),
        Kind::BirthYear => Some("hint-year"),
        Kind::Name | Kind::Text { .. } => None,
    }
}
