//! Reading the page's parts. Each is bounded; the transcript can be read further back.

use sqlx::{Row, sqlite::SqliteRow};

use super::{
    AnswerRow, ConsentRow, ContactRow, ConversationPage, EscalationPart, HistoryRow, MessageRow, PersonRow, SessionRow, Standing,
    SymptomRow, TaskRow,
};
use crate::{
    base::{
        Private,
        id::{ConversationId, PersonNumber},
    },
    records::{Records, RecordsError, count, time, urgency_of, vault::Column},
};

/// Lines of the transcript on one page.
const MESSAGES: i64 = 200;
/// Rows of every other part: the newest.
const ROWS: i64 = 1_000;

fn short(n: i64) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn maybe_time(row: &SqliteRow, column: &str) -> Result<Option<jiff::Timestamp>, RecordsError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(time))
}

impl Records {
    /// All about one conversation; the 200 newest lines of the transcript, or those before line `before`. `None`: the record has none
    /// such (yet: the recorder may lag).
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn conversation(&self, id: &ConversationId, before: Option<i64>) -> Result<Option<ConversationPage>, RecordsError> {
        let Some(standing) = self.standing(id).await? else { return Ok(None) };
        let of = id.as_str();
        let (transcript, has_earlier) = self.transcript(of, before).await?;
        Ok(Some(ConversationPage {
            id: id.clone(),
            standing,
            people: self.people(of).await?,
            transcript,
            has_earlier,
            sessions: self.sessions(of).await?,
            answers: self.answers(of).await?,
            contacts: self.contacts(of).await?,
            symptoms: self.symptoms(of).await?,
            consents: self.consents(of).await?,
            escalations: self.escalations_of(of).await?,
            tasks: self.tasks(of).await?,
        }))
    }

    /// Where a conversation stood after the last turn applied.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn standing(&self, id: &ConversationId) -> Result<Option<Standing>, RecordsError> {
        let row = sqlx::query("SELECT * FROM rec_conversations WHERE id = ?").bind(id.as_str()).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Standing {
            medium: row.try_get("medium")?,
            address: self.text("conversations.address", id.as_str(), row.try_get("address_sealed")?)?,
            channel: row.try_get("channel")?,
            holder: row.try_get("holder")?,
            epoch: count(row.try_get("epoch")?),
            open: row.try_get::<Option<String>, _>("open_flow")?.zip(row.try_get::<Option<String>, _>("open_step")?),
            waiting_since: maybe_time(&row, "waiting_since_at")?,
            language: row.try_get("language")?,
            last_inbound_at: maybe_time(&row, "last_inbound_at")?,
            opted_out_at: maybe_time(&row, "opted_out_at")?,
            identity_held_at: maybe_time(&row, "identity_held_at")?,
            began_at: time(row.try_get("began_at")?),
            changed_at: time(row.try_get("changed_at")?),
            n_turn: count(row.try_get("n_turn")?),
        }))
    }

    fn text(&self, column: Column, of: &str, sealed: &[u8]) -> Result<Private<String>, RecordsError> {
        self.vault.open_text(column, of, sealed)
    }

    fn maybe_text(&self, column: Column, of: &str, row: &SqliteRow, name: &str) -> Result<Option<Private<String>>, RecordsError> {
        let sealed: Option<Vec<u8>> = row.try_get(name)?;
        sealed.map(|sealed| self.text(column, of, &sealed)).transpose()
    }

    async fn rows(&self, sql: &'static str, of: &str) -> Result<Vec<SqliteRow>, RecordsError> {
        Ok(sqlx::query(sql).bind(of).bind(ROWS).fetch_all(&self.pool).await?)
    }

    async fn transcript(&self, of: &str, before: Option<i64>) -> Result<(Vec<MessageRow>, bool), RecordsError> {
        let mut rows = sqlx::query("SELECT * FROM rec_messages WHERE conversation = ? AND n < ? ORDER BY n DESC LIMIT ?")
            .bind(of)
            .bind(before.unwrap_or(i64::MAX))
            .bind(MESSAGES + 1)
            .fetch_all(&self.pool)
            .await?;
        let has_earlier = i64::try_from(rows.len()).unwrap_or(i64::MAX) > MESSAGES;
        if has_earlier {
            rows.pop();
        }
        let mut versions = self
            .rows(
                "SELECT v.message, v.text_sealed FROM rec_message_versions v JOIN rec_messages m ON m.n = v.message
                 WHERE m.conversation = ? ORDER BY v.n LIMIT ?",
                of,
            )
            .await?
            .iter()
            .map(|row| Ok((row.try_get::<i64, _>("message")?, self.text("message_versions.text", of, row.try_get("text_sealed")?)?)))
            .collect::<Result<Vec<_>, RecordsError>>()?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            let n: i64 = row.try_get("n")?;
            let earlier = versions.extract_if(.., |(message, _)| *message == n).map(|(_, text)| text).collect();
            messages.push(MessageRow {
                n,
                direction: row.try_get("direction")?,
                at: time(row.try_get("at")?),
                channel: row.try_get("channel")?,
                text: self.text("messages.text", of, row.try_get("text_sealed")?)?,
                earlier,
                purpose: row.try_get("purpose")?,
                tracer: row.try_get("tracer")?,
                read: row.try_get("read")?,
                doubtful: row.try_get("doubtful")?,
                state: row.try_get("state")?,
                state_reason: row.try_get("state_reason")?,
                state_code: row.try_get("state_code")?,
                deleted_at: maybe_time(row, "deleted_at")?,
            });
        }
        Ok((messages, has_earlier))
    }

    async fn people(&self, of: &str) -> Result<Vec<PersonRow>, RecordsError> {
        let person = |row: &SqliteRow| {
            Ok(PersonRow {
                number: short(row.try_get("number")?),
                first_name: self.text("people.first_name", of, row.try_get("first_name_sealed")?)?,
                birth_year: self.maybe_text("people.birth_year", of, row, "birth_year_sealed")?,
                record: self.maybe_text("people.record", of, row, "record_sealed")?,
            })
        };
        self.rows("SELECT * FROM rec_people WHERE conversation = ? ORDER BY number LIMIT ?", of).await?.iter().map(person).collect()
    }

    async fn sessions(&self, of: &str) -> Result<Vec<SessionRow>, RecordsError> {
        let session = |row: &SqliteRow| {
            Ok(SessionRow {
                id: row.try_get("id")?,
                flow: row.try_get("flow")?,
                revision: row.try_get("revision")?,
                began_at: time(row.try_get("began_at")?),
                ended_at: maybe_time(row, "ended_at")?,
                ended: row.try_get("ended")?,
            })
        };
        let sql = "SELECT * FROM rec_sessions WHERE conversation = ? ORDER BY began_at DESC, id LIMIT ?";
        self.rows(sql, of).await?.iter().map(session).collect()
    }

    async fn answers(&self, of: &str) -> Result<Vec<AnswerRow>, RecordsError> {
        let sql = "SELECT * FROM rec_answers WHERE conversation = ? ORDER BY n DESC LIMIT ?";
        self.rows(sql, of).await?.iter().rev().map(|row| self.answer_row(of, row)).collect()
    }

    /// An answer from a row with all columns of `rec_answers`.
    pub(in crate::records) fn answer_row(&self, of: &str, row: &SqliteRow) -> Result<AnswerRow, RecordsError> {
        let value: Option<Vec<u8>> = row.try_get("value_sealed")?;
        Ok(AnswerRow {
            n: row.try_get("n")?,
            session: row.try_get("session")?,
            flow: row.try_get("flow")?,
            step: row.try_get("step")?,
            label: row.try_get("label")?,
            code: row.try_get("code")?,
            items: row.try_get("items")?,
            who: short(row.try_get("who")?),
            value: value.map(|value| self.vault.open_json("answers.value", of, &value)).transpose()?.map(Private::new),
            codes: Private::new(self.vault.open_json("answers.codes", of, row.try_get("codes_sealed")?)?),
            said: self.text("answers.said", of, row.try_get("said_sealed")?)?,
            flagged: row.try_get("flagged")?,
            corrected: row.try_get("corrected")?,
            superseded: row.try_get("superseded")?,
            by: row.try_get("by_tracer")?,
            at: time(row.try_get("at")?),
        })
    }

    async fn contacts(&self, of: &str) -> Result<Vec<ContactRow>, RecordsError> {
        let contact = |row: &SqliteRow| {
            Ok(ContactRow {
                session: row.try_get("session")?,
                nth: short(row.try_get("nth")?),
                name: self.maybe_text("contacts_named.name", of, row, "name_sealed")?,
                phone: self.maybe_text("contacts_named.phone", of, row, "phone_sealed")?,
                fields: self.vault.open_json("contacts_named.fields", of, row.try_get("fields_sealed")?)?,
                finished: row.try_get("finished")?,
                at: time(row.try_get("at")?),
            })
        };
        let sql = "SELECT * FROM rec_contacts_named WHERE conversation = ? ORDER BY at, session, list, nth LIMIT ?";
        self.rows(sql, of).await?.iter().map(contact).collect()
    }

    async fn symptoms(&self, of: &str) -> Result<Vec<SymptomRow>, RecordsError> {
        let symptom = |row: &SqliteRow| {
            Ok(SymptomRow {
                session: row.try_get("session")?,
                who: short(row.try_get("who")?),
                codes: Private::new(self.vault.open_json("symptom_reports.codes", of, row.try_get("codes_sealed")?)?),
                at: time(row.try_get("at")?),
            })
        };
        let sql = "SELECT r.* FROM rec_symptom_reports r JOIN rec_answers a ON a.n = r.answer
                   WHERE r.conversation = ? AND a.superseded = 0 ORDER BY r.answer LIMIT ?";
        self.rows(sql, of).await?.iter().map(symptom).collect()
    }

    async fn consents(&self, of: &str) -> Result<Vec<ConsentRow>, RecordsError> {
        let consent = |row: &SqliteRow| {
            Ok(ConsentRow {
                step: row.try_get("step")?,
                revision: row.try_get("revision")?,
                language: row.try_get("language")?,
                given: row.try_get("given")?,
                at: time(row.try_get("at")?),
            })
        };
        self.rows("SELECT * FROM rec_consents WHERE conversation = ? ORDER BY n LIMIT ?", of).await?.iter().map(consent).collect()
    }

    async fn escalations_of(&self, of: &str) -> Result<Vec<EscalationPart>, RecordsError> {
        let mut histories = Vec::new();
        for row in self.rows("SELECT * FROM rec_escalation_history WHERE conversation = ? ORDER BY n LIMIT ?", of).await? {
            let history = HistoryRow {
                at: time(row.try_get("at")?),
                change: row.try_get("change")?,
                urgency: row.try_get::<Option<i64>, _>("urgency")?.map(urgency_of),
                because: self.maybe_text("escalation_history.because", of, &row, "because_sealed")?.map(Private::into_inner),
                tracer: row.try_get("tracer")?,
                outcome: row.try_get("outcome")?,
                due_at: maybe_time(&row, "due_at")?,
            };
            histories.push((row.try_get::<String, _>("escalation")?, history));
        }
        let mut found = Vec::new();
        for row in self.rows("SELECT * FROM rec_escalations WHERE conversation = ? ORDER BY raised_at DESC, id LIMIT ?", of).await? {
            let id: String = row.try_get("id")?;
            found.push(EscalationPart {
                urgency: urgency_of(row.try_get("urgency")?),
                state: row.try_get("state")?,
                because: self.vault.open_json("escalations.because", of, row.try_get("because_sealed")?)?,
                quote: self.maybe_text("escalations.quote", of, &row, "quote_sealed")?,
                rule: row.try_get("rule")?,
                raised_at: time(row.try_get("raised_at")?),
                due_at: maybe_time(&row, "due_at")?,
                tracer: row.try_get("tracer")?,
                outcome: row.try_get("outcome")?,
                ended_at: maybe_time(&row, "ended_at")?,
                history: histories.extract_if(.., |(of, _)| *of == id).map(|(_, history)| history).collect(),
                id,
            });
        }
        Ok(found)
    }

    async fn tasks(&self, of: &str) -> Result<Vec<TaskRow>, RecordsError> {
        let task = |row: &SqliteRow| {
            let done_by: Option<String> = row.try_get("done_by")?;
            Ok(TaskRow {
                id: row.try_get("id")?,
                urgency: urgency_of(row.try_get("urgency")?),
                because: self.text("tasks.because", of, row.try_get("because_sealed")?)?.into_inner(),
                quote: self.maybe_text("tasks.quote", of, row, "quote_sealed")?,
                rule: row.try_get("rule")?,
                raised_at: time(row.try_get("raised_at")?),
                done: done_by.zip(maybe_time(row, "done_at")?),
            })
        };
        let sql = "SELECT t.*, d.tracer AS done_by, d.done_at FROM rec_tasks t
                   LEFT JOIN rec_tasks_done d ON d.conversation = t.conversation AND d.id = t.id
                   WHERE t.conversation = ? ORDER BY t.raised_at DESC, t.id LIMIT ?";
        self.rows(sql, of).await?.iter().map(task).collect()
    }

    /// First names by person's number, for lists and exports.
    pub(in crate::records) async fn first_names(&self, of: &str) -> Result<Vec<(PersonNumber, Private<String>)>, RecordsError> {
        Ok(self.people(of).await?.into_iter().map(|person| (PersonNumber(person.number), person.first_name)).collect())
    }
}
