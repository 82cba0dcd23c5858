//! The terminal: a message as lines of text, and a line as what was sent.

use crate::{
    base::Private,
    engine::event::{Card, Content},
    render::{Outgoing, Shape},
};

/// A message as text, its buttons or rows below it: `[1] Yes`, `[2] Cough · dry or with phlegm`.
pub fn shown(message: &Outgoing) -> String {
    match &message.shape {
        Shape::Text => message.text.reveal().clone(),
        Shape::Buttons(_) => below(message, |n, title, _| format!("[{n}] {title}")),
        Shape::List { .. } => below(message, |n, title, description| match description {
            "" => format!("[{n}] {title}"),
            _ => format!("[{n}] {title} · {description}"),
        }),
        Shape::AskContact => format!("{}\n[share your number]", message.text.reveal()),
    }
}

/// A message as a text that can be answered by number where nothing can be tapped: `1. Yes`. Of a row with a description that is
/// the whole label, for a title that had to be cut.
pub fn written_out(message: &Outgoing) -> String {
    below(message, |n, title, description| format!("{n}. {}", if description.is_empty() { title } else { description }))
}

/// What a line means under the last message: `[2]` or `[No]` taps a button or row of it, `[card Beto +15550100001]` shares a
/// contact card, `[picture]` and `[picture my arm]` send one; anything else is text.
pub fn content(line: &str, last: Option<&Outgoing>) -> Content {
    let line = line.trim();
    let tapped = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|which| last.and_then(|last| tap(last, which)));
    if let Some(tapped) = tapped {
        return tapped;
    }
    match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|rest| rest.split_once(' ').or(Some((rest, "")))) {
        Some(("card", rest)) => Content::Cards(vec![card(rest)]),
        Some(("picture", caption)) => {
            Content::Media { kind: "image".to_owned(), reference: Private::from("console"), caption: Private::from(caption.trim()) }
        }
        _ => Content::Text(Private::from(line)),
    }
}

/// A tap on a button or row, by its number or its title in any case; `None` where there is no such.
pub fn tap(message: &Outgoing, which: &str) -> Option<Content> {
    let which = which.trim();
    let found = choices(message)
        .into_iter()
        .enumerate()
        .find(|(n, (_, title, _))| (n + 1).to_string() == which || title.to_lowercase() == which.to_lowercase());
    found.map(|(_, (id, title, _))| Content::Tap { id: id.to_owned(), title: Private::from(title) })
}

/// `Beto +15550100001`: a card with a name and the numbers after it.
pub fn card(text: &str) -> Card {
    let (numbers, name): (Vec<&str>, Vec<&str>) = text
        .split_whitespace()
        .partition(|word| word.starts_with('+') || word.len() > 4 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    Card { name: Private::new(name.join(" ")), phones: numbers.into_iter().map(Private::from).collect() }
}

/// Id, title and description of every button or row.
fn choices(message: &Outgoing) -> Vec<(&str, &str, &str)> {
    match &message.shape {
        Shape::Text | Shape::AskContact => Vec::new(),
        Shape::Buttons(buttons) => buttons.iter().map(|button| (button.id.as_str(), button.title.reveal().as_str(), "")).collect(),
        Shape::List { rows, .. } => {
            rows.iter().map(|row| (row.id.as_str(), row.title.reveal().as_str(), row.description.reveal().as_str())).collect()
        }
    }
}

fn below(message: &Outgoing, line: impl Fn(usize, &str, &str) -> String) -> String {
    let mut text = message.text.reveal().clone();
    for (n, (_, title, description)) in choices(message).into_iter().enumerate() {
        text.push('\n');
        text.push_str(&line(n + 1, title, description));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::Language,
        render::outgoing::{Button, Row},
    };

    fn message(shape: Shape) -> Outgoing {
        Outgoing { text: Private::from("Do you cough?"), shape, language: Language::english(), template: None }
    }

    fn list() -> Outgoing {
        let row =
            |id: &str, title: &str, description: &str| Row { id: id.to_owned(), title: title.into(), description: description.into() };
        message(Shape::List {
            open: "Choose".to_owned(), rows: vec![row("s:a", "Cough", ""), row("s:b", "Short of…", "Short of breath")]
        })
    }

    fn buttons() -> Outgoing {
        let button = |id: &str, title: &str| Button { id: id.to_owned(), title: title.into() };
        message(Shape::Buttons(vec![button("s:yes", "Yes"), button("s:no", "No")]))
    }

    #[test]
    fn choices_stand_below_the_text() {
        assert_eq!(shown(&buttons()), "Do you cough?\n[1] Yes\n[2] No");
        assert_eq!(shown(&list()), "Do you cough?\n[1] Cough\n[2] Short of… · Short of breath");
        assert_eq!(shown(&message(Shape::AskContact)), "Do you cough?\n[share your number]");
        assert_eq!(shown(&message(Shape::Text)), "Do you cough?");
        assert_eq!(written_out(&list()), "Do you cough?\n1. Cough\n2. Short of breath");
    }

    #[test]
    fn a_line_is_a_tap_a_card_a_picture_or_a_text() {
        let tap = |id: &str, title: &str| Content::Tap { id: id.to_owned(), title: title.into() };
        let card = |name: &str, phones: &[&str]| {
            Content::Cards(vec![Card { name: name.into(), phones: phones.iter().map(|phone| Private::from(*phone)).collect() }])
        };
        for (line, expected) in [
            ("[2]", tap("s:no", "No")),
            ("[yes]", tap("s:yes", "Yes")),
            ("[3]", Content::Text("[3]".into())),
            ("2", Content::Text("2".into())),
            (" no ", Content::Text("no".into())),
            ("[card Beto Ruiz +15550100001]", card("Beto Ruiz", &["+15550100001"])),
            ("[card Grandma]", card("Grandma", &[])),
            ("[picture my arm]", Content::Media { kind: "image".into(), reference: "console".into(), caption: "my arm".into() }),
            ("", Content::Text("".into())),
        ] {
            assert_eq!(content(line, Some(&buttons())), expected, "{line}");
        }
        assert_eq!(content("[1]", None), Content::Text("[1]".into()));
    }
}
