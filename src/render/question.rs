//! How a question is shown: buttons, a list, or numbers and a line that says how to answer.

use super::{
    catalog::{Catalog, RenderFault},
    outgoing::{Button, Row, Shape},
    split::cut_at_word,
};
use crate::{
    base::{Language, Private, capabilities::Capabilities},
    engine::effect::{Hint, Question},
    flow::condition::Datum,
};

/// A question, shaped by what the channel can show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    /// Something to tap stands below the words.
    Below(Shape),
    /// Lines follow the words; none where the words say it all.
    Lines(Vec<String>),
}

/// A choice with its label in words.
struct Labelled {
    key: String,
    label: String,
    exclusive: bool,
}

/// Shapes a question.
///
/// # Errors
/// Where a label or the line that says how to answer cannot be put into words.
pub(crate) fn show(catalog: &Catalog, question: &Question, language: &Language, capabilities: &Capabilities) -> Result<Shown, RenderFault> {
    let choices = labelled(catalog, question, language)?;
    if !question.several && !choices.is_empty() {
        if let Some(buttons) = buttons(question, &choices, capabilities) {
            return Ok(Shown::Below(buttons));
        }
        let open = catalog.phrase("list-open", language, &[])?.text;
        if let Some(list) = list(question, &choices, &open, capabilities) {
            return Ok(Shown::Below(list));
        }
    }
    lines(catalog, question, &choices, language).map(Shown::Lines)
}

/// The choices with their labels, the exclusive one last. A yes/no question without choices of its own has its usual ones.
fn labelled(catalog: &Catalog, question: &Question, language: &Language) -> Result<Vec<Labelled>, RenderFault> {
    if question.choices.is_empty() && yes_no(question.hint) {
        let keys: &[&str] = if question.hint == Hint::YesNoUnsure { &["yes", "no", "unsure"] } else { &["yes", "no"] };
        return keys
            .iter()
            .map(|key| {
                let label = catalog.phrase(&format!("word-{key}"), language, &[])?.text;
                Ok(Labelled { key: (*key).to_owned(), label, exclusive: false })
            })
            .collect();
    }
    let mut choices = question
        .choices
        .iter()
        .map(|choice| {
            let label = catalog.words(&choice.label, language, &choice.data)?.text;
            Ok(Labelled { key: choice.key.clone(), label, exclusive: choice.exclusive })
        })
        .collect::<Result<Vec<_>, RenderFault>>()?;
    choices.sort_by_key(|choice| choice.exclusive);
    Ok(choices)
}

fn buttons(question: &Question, choices: &[Labelled], capabilities: &Capabilities) -> Option<Shape> {
    let (most, longest) = capabilities.buttons?;
    if choices.len() > most || choices.iter().any(|choice| choice.label.is_empty() || choice.label.chars().count() > longest) {
        return None;
    }
    distinct(choices.iter().map(|choice| choice.label.clone()))?;
    let button = |choice: &Labelled| Button { id: tap_id(question, choice), title: Private::new(choice.label.clone()) };
    Some(Shape::Buttons(choices.iter().map(button).collect()))
}

fn list(question: &Question, choices: &[Labelled], open: &str, capabilities: &Capabilities) -> Option<Shape> {
    let (most, title_max, description_max) = capabilities.list?;
    let (_, button_max) = capabilities.buttons?;
    if choices.len() > most || choices.iter().any(|choice| choice.label.is_empty() || choice.label.chars().count() > description_max) {
        return None;
    }
    distinct(choices.iter().map(|choice| cut_at_word(&choice.label, title_max)))?;
    let row = |choice: &Labelled| {
        let title = cut_at_word(&choice.label, title_max);
        let description = if title == choice.label { String::new() } else { choice.label.clone() };
        Row { id: tap_id(question, choice), title: Private::new(title), description: Private::new(description) }
    };
    Some(Shape::List { open: cut_at_word(open, button_max), rows: choices.iter().map(row).collect() })
}

/// Titles must differ, or a provider refuses the message; then numbers serve.
fn distinct(titles: impl Iterator<Item = String>) -> Option<()> {
    let mut seen = std::collections::BTreeSet::new();
    for title in titles {
        if !seen.insert(title) {
            return None;
        }
    }
    Some(())
}

fn tap_id(question: &Question, choice: &Labelled) -> String {
    format!("{}:{}", question.tap, choice.key)
}

fn lines(catalog: &Catalog, question: &Question, choices: &[Labelled], language: &Language) -> Result<Vec<String>, RenderFault> {
    let mut lines = Vec::new();
    if !yes_no(question.hint) {
        let mut number = 0_usize;
        for choice in choices {
            if choice.exclusive {
                lines.push(format!("0 {}", choice.label));
            } else {
                number += 1;
                lines.push(format!("{number} {}", choice.label));
            }
        }
    }
    let n_regular = choices.iter().filter(|choice| !choice.exclusive).count();
    let none = choices.iter().find(|choice| choice.exclusive).map(|choice| choice.label.clone());
    let phrase = match question.hint {
        Hint::None => None,
        Hint::YesNo => Some("hint-yes-no"),
        Hint::YesNoUnsure => Some("hint-yes-no-unsure"),
        Hint::One => Some("hint-one"),
        // With one choice beside "none" there is nothing to combine.
        Hint::Several if n_regular < 2 => Some("hint-one"),
        Hint::Several if none.is_some() => Some("hint-several-none"),
        Hint::Several => Some("hint-several"),
        Hint::Date => Some("hint-date"),
        Hint::DateAhead => Some("hint-date-ahead"),
        Hint::Phone => Some("hint-phone"),
        Hint::Temperature => Some("hint-temperature"),
        Hint::Number => Some("hint-number"),
        Hint::Year => Some("hint-year"),
    };
    if let Some(phrase) = phrase {
        let example = if n_regular > 2 { "1 3" } else { "1 2" };
        let data = [("example".to_owned(), Datum::Text(example.to_owned())), ("none".to_owned(), none.map_or(Datum::Missing, Datum::Text))];
        let hint = catalog.phrase(phrase, language, &data)?.text;
        if !hint.is_empty() {
            lines.push(hint);
        }
    }
    Ok(lines)
}

/// Whether the answers are words that need no numbers.
const fn yes_no(hint: Hint) -> bool {
    matches!(hint, Hint::YesNo | Hint::YesNoUnsure)
}
