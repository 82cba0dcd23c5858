//! Answers as CSV: one row an answer, so that repeats and households need no columns of their own.
//!
//! Cells never begin a formula: what starts with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe before it (OWASP, CSV
//! injection), numbers that were answered excepted.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{Records, RecordsError, page::AnswerRow};
use crate::{
    answer::{Number, TemperatureUnit, Truth, Value},
    base::{
        Private,
        id::{ConversationId, PersonNumber},
    },
};

/// Answers read at once: an export holds the readers' connection for a short time only.
const PAGE: i64 = 1_000;

const HEAD: [&str; 19] = [
    "conversation",
    "session",
    "flow",
    "revision",
    "session_began_at",
    "session_ended",
    "step",
    "question",
    "code",
    "items",
    "person",
    "first_name",
    "answer",
    "answer_codes",
    "typed",
    "flags",
    "superseded",
    "answered_by",
    "answered_at",
];

impl Records {
    /// All answers given in a flow (flows it called included), or in all flows, oldest first, as CSV with a head; superseded ones
    /// among them, marked. Gives the text and the number of rows.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn answers_csv(&self, flow: Option<&str>) -> Result<(Private<String>, u64), RecordsError> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let unavailable = |error: csv::Error| RecordsError::Unavailable(error.to_string());
        csv.write_record(HEAD).map_err(unavailable)?;
        let (mut after, mut n_rows) = (0_i64, 0_u64);
        let mut names: BTreeMap<String, Vec<(PersonNumber, Private<String>)>> = BTreeMap::new();
        loop {
            let rows = sqlx::query(
                "SELECT a.*, s.flow AS root, s.revision, s.began_at, s.ended FROM rec_answers a
                 LEFT JOIN rec_sessions s ON s.conversation = a.conversation AND s.id = a.session
                 WHERE a.n > ?1 AND (?2 IS NULL OR a.flow = ?2 OR s.flow = ?2) ORDER BY a.n LIMIT ?3",
            )
            .bind(after)
            .bind(flow)
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let conversation = ConversationId(row.try_get("conversation")?);
                let answer = self.answer_row(conversation.as_str(), &row)?;
                after = answer.n;
                n_rows += 1;
                if !names.contains_key(conversation.as_str()) {
                    names.insert(conversation.0.clone(), self.first_names(conversation.as_str()).await?);
                }
                let name = names
                    .get(conversation.as_str())
                    .and_then(|names| names.iter().find(|(number, _)| number.0 == answer.who))
                    .map_or("", |(_, name)| name.reveal());
                let began: Option<i64> = row.try_get("began_at")?;
                let run = [
                    conversation.0.clone(),
                    answer.session.clone(),
                    answer.flow.clone(),
                    row.try_get::<Option<String>, _>("revision")?.unwrap_or_default(),
                    began.map(|at| super::time(at).to_string()).unwrap_or_default(),
                    row.try_get::<Option<String>, _>("ended")?.unwrap_or_default(),
                ];
                csv.write_record(run.iter().map(|cell| safe(cell)).chain(cells(&answer, name))).map_err(unavailable)?;
            }
        }
        let bytes = csv.into_inner().map_err(|error| RecordsError::Unavailable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| RecordsError::Corrupt("answers"))?;
        Ok((Private::new(text), n_rows))
    }
}

fn cells(answer: &AnswerRow, first_name: &str) -> Vec<String> {
    let mut flags = Vec::new();
    for (holds, flag) in [(answer.value.is_none(), "skipped"), (answer.flagged, "not understood"), (answer.corrected, "corrected")] {
        if holds {
            flags.push(flag);
        }
    }
    vec![
        safe(&answer.step),
        safe(&answer.label),
        safe(answer.code.as_deref().unwrap_or_default()),
        safe(&answer.items),
        answer.who.to_string(),
        safe(first_name),
        answer.value.as_ref().map_or(String::new(), |value| value_cell(value.reveal())),
        safe(&answer.codes.reveal().join("; ")),
        safe(answer.said.reveal()),
        flags.join("; "),
        if answer.superseded { "yes" } else { "" }.to_owned(),
        safe(answer.by.as_deref().unwrap_or("patient")),
        answer.at.to_string(),
    ]
}

fn value_cell(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(*number),
        Value::Duration(_)
        | Value::Temperature { .. }
        | Value::Truth(_)
        | Value::Choice(_)
        | Value::Choices(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Phone(_)
        | Value::Email(_)
        | Value::Name(_)
        | Value::Place(_)
        | Value::Text(_)
        | Value::Consent(_)
        | Value::Photo(_)
        | Value::Location(..) => safe(&value_text(value)),
    }
}

/// A value in words that need no language: option keys, ISO dates, E.164 numbers, `38.5 °C`.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Truth(Truth::Yes) => "yes".to_owned(),
        Value::Truth(Truth::No) => "no".to_owned(),
        Value::Truth(Truth::Unsure) => "unsure".to_owned(),
        Value::Choices(keys) if keys.is_empty() => "none".to_owned(),
        Value::Choices(keys) => keys.join("; "),
        Value::Number(number) => number_text(*number),
        Value::Temperature { degrees, unit: TemperatureUnit::Celsius } => format!("{degrees} °C"),
        Value::Temperature { degrees, unit: TemperatureUnit::Fahrenheit } => format!("{degrees} °F"),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Duration(seconds) => format!("{seconds} s"),
        Value::Consent(given) => if *given { "given" } else { "refused" }.to_owned(),
        Value::Location(latitude, longitude) => format!("{latitude}, {longitude}"),
        Value::Choice(text)
        | Value::Phone(text)
        | Value::Email(text)
        | Value::Name(text)
        | Value::Place(text)
        | Value::Text(text)
        | Value::Photo(text) => text.clone(),
    }
}

fn number_text(number: Number) -> String {
    number.to_string()
}

pub(super) fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula_but_numbers_stay_numbers() {
        for (value, cell) in [
            (Value::Text("=HYPERLINK(\"x\")".into()), "'=HYPERLINK(\"x\")"),
            (Value::Text("@cmd".into()), "'@cmd"),
            (Value::Name("-1+1".into()), "'-1+1"),
            (Value::Phone("+15550100777".into()), "'+15550100777"),
            (Value::Number(-3.5), "-3.5"),
            (Value::Number(4.0), "4"),
            (Value::Choices(vec![]), "none"),
            (Value::Choices(vec!["cough".into(), "fever".into()]), "cough; fever"),
        ] {
            assert_eq!(value_cell(&value), cell);
        }
    }
}
