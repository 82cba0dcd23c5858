//! The desk's queue: every live escalation and every open task, with what a tracer needs to choose.

use jiff::Timestamp;
use sqlx::{Row, sqlite::SqliteRow};

use super::{Records, RecordsError, time, urgency_of};
use crate::{
    base::{Private, id::ConversationId},
    flow::model::Urgency,
};

/// Rows of one page of the queue: more than a desk can work through is a number, not a list.
const ROWS: i64 = 500;

/// What waits for a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// A conversation that the bot gave up.
    Escalation,
    /// Something to do; the bot goes on.
    Task,
}

/// One row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// What.
    pub kind: QueueKind,
    /// The escalation's or task's id.
    pub id: String,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// How urgent.
    pub urgency: Urgency,
    /// `waiting`, `overdue`, `claimed`, `parked`; a task is `open`.
    pub state: String,
    /// Why, oldest first.
    pub because: Vec<String>,
    /// The words that raised it.
    pub quote: Option<Private<String>>,
    /// The rule that fired.
    pub rule: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its next clock runs out.
    pub due_at: Option<Timestamp>,
    /// Since when the patient waits for a human's word.
    pub waiting_since: Option<Timestamp>,
    /// Who has it.
    pub tracer: Option<String>,
    /// First name of who texts; may be empty.
    pub first_name: Private<String>,
    /// `sms`, `whatsapp`
    pub medium: String,
    /// The number or other id on it.
    pub address: Private<String>,
    /// Their language's tag.
    pub language: Option<String>,
    /// Their last message.
    pub last_inbound_at: Option<Timestamp>,
    /// The flow and step of the open question.
    pub open: Option<(String, String)>,
}

const SELECT: &str = "
    SELECT 'escalation' AS kind, e.id AS id, e.conversation AS conversation, e.urgency AS urgency, e.state AS state,
           e.because_sealed AS because_sealed, e.quote_sealed AS quote_sealed, e.rule AS rule, e.raised_at AS raised_at,
           e.due_at AS due_at, e.tracer AS tracer
    FROM rec_escalations e WHERE e.ended_at IS NULL
    UNION ALL
    SELECT 'task', t.id, t.conversation, t.urgency, 'open', t.because_sealed, t.quote_sealed, t.rule, t.raised_at, NULL, NULL
    FROM rec_tasks t WHERE NOT EXISTS (SELECT 1 FROM rec_tasks_done d WHERE d.conversation = t.conversation AND d.id = t.id)";

impl Records {
    /// The queue: most urgent first, then who has waited longest; at most 500 rows. `desk::triage` orders what is shown.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn queue(&self) -> Result<Vec<QueueRow>, RecordsError> {
        let sql = format!(
            "SELECT q.*, c.medium, c.address_sealed, c.language, c.waiting_since_at, c.last_inbound_at, c.open_flow, c.open_step, p.first_name_sealed
             FROM ({SELECT}) q
             JOIN rec_conversations c ON c.id = q.conversation
             LEFT JOIN rec_people p ON p.conversation = q.conversation AND p.number = 0
             ORDER BY q.urgency DESC, coalesce(c.waiting_since_at, q.raised_at), q.raised_at, q.id LIMIT ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ROWS).fetch_all(&self.pool).await?;
        rows.iter().map(|row| self.queue_row(row)).collect()
    }

    /// How many rows the queue has in all, by urgency: routine, urgent, emergency. Only those that nobody has taken.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn queue_counts(&self) -> Result<[u64; 3], RecordsError> {
        let sql = format!("SELECT urgency, count(*) AS n FROM ({SELECT}) WHERE state IN ('waiting', 'overdue', 'open') GROUP BY urgency");
        let mut counts = [0; 3];
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await? {
            let urgency: i64 = row.try_get("urgency")?;
            if let Some(count) = usize::try_from(urgency).ok().and_then(|at| counts.get_mut(at)) {
                *count = super::count(row.try_get("n")?);
            }
        }
        Ok(counts)
    }

    /// Since when the oldest call or task of each urgency has waited to be taken: routine, urgent, emergency.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn queue_oldest(&self) -> Result<[Option<Timestamp>; 3], RecordsError> {
        let sql = format!(
            "SELECT urgency, min(raised_at) AS oldest FROM ({SELECT}) WHERE state IN ('waiting', 'overdue', 'open') GROUP BY urgency"
        );
        let mut oldest = [None; 3];
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await? {
            let urgency: i64 = row.try_get("urgency")?;
            if let Some(oldest) = usize::try_from(urgency).ok().and_then(|at| oldest.get_mut(at)) {
                *oldest = Some(time(row.try_get("oldest")?));
            }
        }
        Ok(oldest)
    }

    fn queue_row(&self, row: &SqliteRow) -> Result<QueueRow, RecordsError> {
        let of: String = row.try_get("conversation")?;
        let sealed: Vec<u8> = row.try_get("because_sealed")?;
        let quote: Option<Vec<u8>> = row.try_get("quote_sealed")?;
        let first_name: Option<Vec<u8>> = row.try_get("first_name_sealed")?;
        let (kind, because, quote_column) = if row.try_get::<String, _>("kind")? == "task" {
            (QueueKind::Task, vec![self.vault.open_text("tasks.because", &of, &sealed)?.into_inner()], "tasks.quote")
        } else {
            (QueueKind::Escalation, self.vault.open_json("escalations.because", &of, &sealed)?, "escalations.quote")
        };
        let open = row.try_get::<Option<String>, _>("open_flow")?.zip(row.try_get::<Option<String>, _>("open_step")?);
        Ok(QueueRow {
            kind,
            id: row.try_get("id")?,
            urgency: urgency_of(row.try_get("urgency")?),
            state: row.try_get("state")?,
            because,
            quote: quote.map(|quote| self.vault.open_text(quote_column, &of, &quote)).transpose()?,
            rule: row.try_get("rule")?,
            raised_at: time(row.try_get("raised_at")?),
            due_at: row.try_get::<Option<i64>, _>("due_at")?.map(time),
            waiting_since: row.try_get::<Option<i64>, _>("waiting_since_at")?.map(time),
            tracer: row.try_get("tracer")?,
            first_name: match first_name {
                Some(sealed) => self.vault.open_text("people.first_name", &of, &sealed)?,
                None => Private::default(),
            },
            medium: row.try_get("medium")?,
            address: self.vault.open_text("conversations.address", &of, row.try_get("address_sealed")?)?,
            language: row.try_get("language")?,
            last_inbound_at: row.try_get::<Option<i64>, _>("last_inbound_at")?.map(time),
            open,
            conversation: ConversationId(of),
        })
    }
}
