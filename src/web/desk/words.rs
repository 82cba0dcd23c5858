//! How things are told on the pages: clocks, deliveries, marks, answers.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    answer::Value,
    base::id::PersonNumber,
    desk::{
        clocks::{self, Left},
        window::Window,
    },
    engine::conversation::ResumeAt,
    flow::{Flow, Revision, model::Body},
    records::{ContactRow, MessageRow, PersonRow, RecordsError, value_text},
    runtime::Service,
};

/// First names of desk users, by login.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// The first name; the login where the user is gone.
    pub fn of<'a>(&'a self, login: &'a str) -> &'a str {
        self.0.get(login).map_or(login, String::as_str)
    }
}

/// All users' first names.
pub(super) async fn names(service: &Service) -> Result<Names, RecordsError> {
    let users = service.records().users().await?;
    Ok(Names(users.into_iter().map(|user| (user.login.0, user.first_name.into_inner())).collect()))
}

/// What a patient is called: their first name, or the end of their number where it is not known.
pub(super) fn patient(first_name: &str, address: &str) -> String {
    if !first_name.is_empty() {
        return first_name.to_owned();
    }
    let n_chars = address.chars().count();
    let end: String = address.chars().skip(n_chars.saturating_sub(4)).collect();
    format!("unknown …{end}")
}

pub(super) fn name_or_unknown(name: &str) -> String {
    if name.is_empty() { "name not known".to_owned() } else { name.to_owned() }
}

pub(super) fn medium(word: &str) -> &str {
    match word {
        "sms" => "SMS",
        "whatsapp" => "WhatsApp",
        other => other,
    }
}

/// A clock, and the class it is shown by.
pub(super) fn clock(due_at: Timestamp, now: Timestamp) -> (String, &'static str) {
    match clocks::left(due_at, now) {
        Left::Minutes(minutes) => (format!("due in {}", clocks::length(minutes)), if minutes < 5 { "soon" } else { "" }),
        Left::Over(minutes) => (format!("overdue by {}", clocks::length(minutes)), "late"),
    }
}

/// A window, and the class it is shown by.
pub(super) fn window(window: Window, now: Timestamp) -> (String, &'static str) {
    match window {
        Window::Open { until } => {
            let left = clocks::length(until.duration_since(now).as_secs() / 60);
            (format!("window open for {left}"), if window.closes_soon(now) { "soon" } else { "" })
        }
        Window::Shut => ("window shut".to_owned(), "late"),
        Window::NotApplicable => (String::new(), ""),
    }
}

/// `1 Jul 14:05`
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %b %H:%M").to_string()
}

/// How far a message of ours got, and the class it is shown by.
pub(super) fn delivery(message: &MessageRow) -> (String, &'static str) {
    let Some(state) = message.state.as_deref() else { return (String::new(), "") };
    match state {
        "waiting" => ("being sent".to_owned(), "waiting"),
        "accepted" => ("taken by the provider".to_owned(), "accepted"),
        "superseded" => ("not sent: the conversation had changed hands".to_owned(), "superseded"),
        "cancelled" => ("not sent: they had opted out".to_owned(), "cancelled"),
        "failed" => {
            let code = message.state_code.as_ref().map(|code| format!(" (provider's code {code})")).unwrap_or_default();
            (format!("not delivered: {}{code}", message.state_reason.as_deref().unwrap_or("unknown")), "failed")
        }
        other => (other.to_owned(), "sent"),
    }
}

/// A line between the messages.
pub(super) fn mark(message: &MessageRow, names: &Names) -> String {
    let text = message.text.reveal();
    let who = message.tracer.as_deref().map(|login| names.of(login));
    match message.purpose.as_deref().unwrap_or_default() {
        "flow began" => format!("{text} began"),
        "flow ended" => match text.split_once(": ") {
            Some((flow, end)) => format!("{flow} ended: {end}"),
            None => format!("{text} ended"),
        },
        "called" => format!("A person was called · {text}"),
        "task" => format!("Task for the desk · {text}"),
        "hands" => match who {
            Some(who) => format!("{who}: {text}"),
            None => text.clone(),
        },
        "consent" => format!("Consent {text}"),
        "identity" if text == "held" => "Identity confirmed".to_owned(),
        "identity" => "Identity not confirmed".to_owned(),
        "language" => format!("Language: {text}"),
        "opted out" => "They opted out".to_owned(),
        "opted in" => "They came back".to_owned(),
        "fault" => format!("The assistant could not go on: {text}"),
        _ => text.clone(),
    }
}

/// Whose answer it is, where it is not the texter's own.
pub(super) fn about(who: u16, people: &[PersonRow]) -> Option<String> {
    let person = people.iter().find(|person| person.number == who);
    (who != 0).then(|| person.map_or_else(|| format!("person {who}"), |person| name_or_unknown(person.first_name.reveal())))
}

/// An answer in words: labels of options instead of keys, names instead of people's numbers.
pub(super) fn value(value: &Value, revision: Option<&Revision>, flow: &str, step: &str, people: &[PersonRow]) -> String {
    let flow = revision.and_then(|revision| revision.flows.get(flow));
    let label = |key: &str| {
        flow.and_then(|flow| option_label(flow, step, key)).or_else(|| {
            let number: u16 = key.parse().ok()?;
            people.iter().find(|person| person.number == number).map(|found| match found.first_name.reveal().as_str() {
                "" if number == 0 => "who texts".to_owned(),
                name => name_or_unknown(name),
            })
        })
    };
    match value {
        Value::Choice(key) => label(key).unwrap_or_else(|| key.clone()),
        Value::Choices(keys) if !keys.is_empty() => {
            keys.iter().map(|key| label(key).unwrap_or_else(|| key.clone())).collect::<Vec<_>>().join(", ")
        }
        Value::Date(date) => date.strftime("%a %-d %b %Y").to_string(),
        Value::Choices(_)
        | Value::Truth(_)
        | Value::Number(_)
        | Value::Temperature { .. }
        | Value::Time(_)
        | Value::Duration(_)
        | Value::Phone(_)
        | Value::Email(_)
        | Value::Name(_)
        | Value::Place(_)
        | Value::Text(_)
        | Value::Consent(_)
        | Value::Photo(_)
        | Value::Location(..) => value_text(value),
    }
}

fn option_label(flow: &Flow, step: &str, key: &str) -> Option<String> {
    let Body::Ask(ask) = &flow.step(flow.find(step)?).body else { return None };
    ask.options.iter().find(|option| option.key == key).map(|option| flow.text(option.say).source.clone())
}

/// What else is known of a contact: all fields but name and number.
pub(super) fn more_of(contact: &ContactRow) -> String {
    let others = contact.fields.iter().filter(|(_, value)| !matches!(value.reveal(), Value::Name(_) | Value::Phone(_)));
    others.map(|(step, value)| format!("{}: {}", step.replace('_', " "), value_text(value.reveal()))).collect::<Vec<_>>().join(" · ")
}

/// Where the bot goes on; `label`: what a step's question is called.
pub(super) fn resume(at: &ResumeAt, open: Option<&str>, label: impl Fn(&str) -> Option<String>) -> String {
    match at {
        ResumeAt::OpenQuestion => open.map_or("the assistant goes on".to_owned(), |label| format!("ask again: {label}")),
        ResumeAt::NextStep => "after the question that called a person".to_owned(),
        ResumeAt::AfterAnswer => "after the answer filled in".to_owned(),
        ResumeAt::Step(step) => label(step).unwrap_or_else(|| step.replace(['_', '-'], " ")),
        ResumeAt::End => "to the end: no more questions".to_owned(),
        ResumeAt::Nothing => "wait until they write".to_owned(),
    }
}

/// The first name of a person of the roster.
pub(super) fn person(number: PersonNumber, people: &[PersonRow]) -> String {
    about(number.0, people).unwrap_or_else(|| "who texts".to_owned())
}
