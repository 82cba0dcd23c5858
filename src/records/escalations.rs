//! Escalations as the API lists them.

use jiff::Timestamp;
use sqlx::Row;

use super::{Records, RecordsError, time, urgency_of};
use crate::{base::id::ConversationId, flow::model::Urgency};

/// Which escalations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that wait or are worked on.
    Live,
    /// All.
    All,
}

/// An escalation, without names, numbers and quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationRow {
    /// Its id.
    pub id: String,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// How urgent.
    pub urgency: Urgency,
    /// `waiting`, `overdue`, `claimed`, `parked`, `handed back`, `resolved`, `cancelled`
    pub state: String,
    /// Why, oldest first.
    pub because: Vec<String>,
    /// The rule that fired.
    pub rule: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its next clock runs out.
    pub due_at: Option<Timestamp>,
    /// Who has it, or had it last.
    pub tracer: Option<String>,
    /// When it was claimed last.
    pub claimed_at: Option<Timestamp>,
    /// The outcome, when resolved.
    pub outcome: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Records {
    /// Escalations, most urgent first, then oldest first; ended ones last.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn escalations(&self, which: Which, limit: usize) -> Result<Vec<EscalationRow>, RecordsError> {
        let rows = sqlx::query(
            "SELECT id, conversation, urgency, state, because_sealed, rule, raised_at, due_at, tracer, claimed_at, outcome, ended_at
             FROM rec_escalations WHERE ended_at IS NULL OR ?
             ORDER BY ended_at IS NOT NULL, urgency DESC, raised_at, id LIMIT ?",
        )
        .bind(which == Which::All)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let of: String = row.try_get("conversation")?;
            let because: Vec<u8> = row.try_get("because_sealed")?;
            found.push(EscalationRow {
                id: row.try_get("id")?,
                urgency: urgency_of(row.try_get("urgency")?),
                state: row.try_get("state")?,
                because: self.vault.open_json("escalations.because", &of, &because)?,
                rule: row.try_get("rule")?,
                raised_at: time(row.try_get("raised_at")?),
                due_at: row.try_get::<Option<i64>, _>("due_at")?.map(time),
                tracer: row.try_get("tracer")?,
                claimed_at: row.try_get::<Option<i64>, _>("claimed_at")?.map(time),
                outcome: row.try_get("outcome")?,
                ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(time),
                conversation: ConversationId(of),
            });
        }
        Ok(found)
    }
}
