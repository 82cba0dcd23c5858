use super::super::{
    Rule, Subject, finding,
    message::{span, worst},
    walk::steps,
};
use crate::{
    base::{Language, Medium, capabilities::Capabilities},
    flow::{
        codes::Page,
        diagnostic::{Finding, Level, Place},
        model::{Ask, Body, Kind, TextId},
    },
};

/// Options that WhatsApp does not show as buttons or rows.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F040",
    title: "Options that do not fit WhatsApp's buttons or list",
    level: Level::Note,
    what: "WhatsApp shows up to 3 options of 20 characters as buttons, and up to 10 of 24 characters as a list with a line of 72 below each. What does not fit is shown in a \
           plainer way: a list instead of buttons, numbers instead of a list.",
    why: "A tap is easier than a number, and its answer is never misread.",
    bad: "\
steps:
  ready:
    say: When shall we go on?
    ask: one of
    options:
      now: Now is a good time for me
      later: Later
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  ready:
    say: When shall we go on?
    ask: one of
    options:
      now: Now
      later: Later
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if !subject.around.media.contains(&Medium::WhatsApp) {
        return;
    }
    let capabilities = Capabilities::of(Medium::WhatsApp);
    let (Some((buttons, button_chars)), Some((rows, row_chars, line_chars))) = (capabilities.buttons, capabilities.list) else { return };
    for (_, step) in steps(subject.flow) {
        let Body::Ask(ask @ Ask { kind: Kind::OneOf, .. }) = &step.body else { continue };
        let labels: Vec<TextId> = ask.options.iter().map(|option| option.say).chain(ask.none).collect();
        if labels.len() > rows {
            let mut found = finding(
                &PAGE,
                &ask.span,
                format!("{} options", labels.len()),
                format!("WhatsApp shows these options as numbers: a list has at most {rows}"),
            );
            found.help = Some("ask in two steps, the broad question first".to_owned());
            findings.push(found);
            continue;
        }
        for language in &subject.flow.languages {
            let longer = |most: usize| too_long(subject, &labels, language, most);
            let (most, shown) = if labels.len() <= buttons && !longer(button_chars).is_empty() && longer(row_chars).is_empty() {
                (button_chars, "as a list instead of buttons")
            } else if !longer(line_chars).is_empty() {
                (line_chars, "as numbers")
            } else if !longer(row_chars).is_empty() {
                (row_chars, "cut short, with the whole words below")
            } else {
                continue;
            };
            let mut places = longer(most).into_iter();
            let Some(first) = places.next() else { continue };
            let mut found = finding(&PAGE, &first.span, first.label, format!("WhatsApp shows the options of `{}` {shown}", step.path));
            found.also = places.collect();
            found.help = Some(format!("use at most {most} characters"));
            findings.push(found);
        }
    }
}

fn too_long(subject: &Subject<'_>, labels: &[TextId], language: &Language, most: usize) -> Vec<Place> {
    let mut places = Vec::new();
    for &label in labels {
        let n_chars = worst(subject, label, language).chars().count();
        if n_chars > most {
            places.push(Place { span: span(subject, label, language), label: format!("{n_chars} characters in `{language}`") });
        }
    }
    places
}
