//! Calls for a human and how a conversation changes hands.

use jiff::Timestamp;
use sqlx::Row;

use super::{Applying, Part, messages::Mark, turn::Turn};
use crate::{
    base::{Private, id::TracerId},
    desk::clocks,
    engine::event::DeskOutcome,
    flow::model::Urgency,
    records::{RecordsError, ms, urgency_of, urgency_rank},
};

/// A call for a human: an escalation or a task.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) urgency: Urgency,
    pub(super) because: &'a str,
    pub(super) rule: &'a str,
    pub(super) quote: Option<&'a Private<String>>,
    pub(super) session: Option<&'a str>,
}

/// One line of an escalation's history.
struct History<'a> {
    escalation: &'a str,
    change: &'a str,
    urgency: Option<Urgency>,
    because: Option<&'a str>,
    tracer: Option<&'a TracerId>,
    outcome: Option<DeskOutcome>,
    due_at: Option<Timestamp>,
}

impl Applying<'_> {
    /// A human is called; a second call in the same escalation raises its urgency and adds its reason.
    pub(super) async fn escalated(&mut self, turn: Turn<'_>, call: Call<'_>, due_at: Option<Timestamp>) -> Result<(), RecordsError> {
        let of = turn.conversation;
        let found = sqlx::query("SELECT because_sealed FROM rec_escalations WHERE conversation = ? AND id = ?")
            .bind(of)
            .bind(call.id)
            .fetch_optional(&mut *self.db)
            .await?;
        let mut because: Vec<String> = match &found {
            Some(row) => self.vault.open_json("escalations.because", of, row.try_get("because_sealed")?)?,
            None => Vec::new(),
        };
        because.push(call.because.to_owned());
        sqlx::query(
            "INSERT INTO rec_escalations (conversation, id, urgency, state, because_sealed, quote_sealed, rule, session, raised_at, due_at)
             VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?)
             ON CONFLICT (conversation, id) DO UPDATE SET urgency = max(urgency, excluded.urgency), because_sealed = excluded.because_sealed,
                 quote_sealed = coalesce(excluded.quote_sealed, quote_sealed), due_at = excluded.due_at",
        )
        .bind(of)
        .bind(call.id)
        .bind(urgency_rank(call.urgency))
        .bind(self.vault.seal_json("escalations.because", of, &because)?)
        .bind(call.quote.map(|quote| self.vault.seal_text("escalations.quote", of, quote)))
        .bind(call.rule)
        .bind(call.session)
        .bind(turn.at)
        .bind(due_at.map(ms))
        .execute(&mut *self.db)
        .await?;
        let history = History {
            escalation: call.id,
            change: if found.is_some() { "called again" } else { "raised" },
            urgency: Some(call.urgency),
            because: Some(call.because),
            tracer: None,
            outcome: None,
            due_at,
        };
        self.history(turn, history).await?;
        self.mark(turn, Mark::Called, &format!("{}: {}", call.urgency.word(), call.because), None).await
    }

    pub(super) async fn escalation_changed(
        &mut self,
        turn: Turn<'_>,
        escalation: &str,
        change: &str,
        tracer: Option<&TracerId>,
        outcome: Option<DeskOutcome>,
        due_at: Option<Timestamp>,
    ) -> Result<(), RecordsError> {
        // What a word does to the state; words that only add to the history have none.
        let (state, ended) = match change {
            "claimed" | "transferred" | "patient wrote" | "back from park" => (Some("claimed"), false),
            "released" | "reopened" => (Some("waiting"), false),
            "overdue" => (Some("overdue"), false),
            "parked" => (Some("parked"), false),
            "handed back" | "not reached" => (Some("handed back"), true),
            "resolved" => (Some("resolved"), true),
            "cancelled" => (Some("cancelled"), true),
            _ => (None, false),
        };
        let ended_at = ended.then_some(turn.at);
        if let Some(state) = state {
            // Overdue is said of one that nobody took; a claimed one whose patient waits too long stays its tracer's.
            sqlx::query(
                "UPDATE rec_escalations SET state = CASE WHEN ?1 = 'overdue' AND state IN ('claimed', 'parked') THEN state ELSE ?1 END,
                     ended_at = ?2, outcome = ?3, due_at = ?4
                 WHERE conversation = ?5 AND id = ?6",
            )
            .bind(state)
            .bind(ended_at)
            .bind(outcome.map(DeskOutcome::word))
            .bind(due_at.map(ms))
            .bind(turn.conversation)
            .bind(escalation)
            .execute(&mut *self.db)
            .await?;
        }
        self.history(turn, History { escalation, change, urgency: None, because: None, tracer, outcome, due_at }).await?;
        let text = match outcome {
            Some(outcome) => format!("{change}: {}", outcome.word()),
            None => change.to_owned(),
        };
        self.mark(turn, Mark::Hands, &text, tracer).await
    }

    /// Who holds the conversation after the turn holds its live escalation; once claimed, its clock runs while the patient waits.
    pub(super) async fn held_by(
        &mut self,
        turn: Turn<'_>,
        holder: &str,
        waited: bool,
        waiting_since: Option<Timestamp>,
    ) -> Result<(), RecordsError> {
        let live = sqlx::query("SELECT id, urgency FROM rec_escalations WHERE conversation = ? AND ended_at IS NULL")
            .bind(turn.conversation)
            .fetch_optional(&mut *self.db)
            .await?;
        let Some(live) = live else { return Ok(()) };
        let tracer = (!matches!(holder, "bot" | "nobody")).then_some(holder);
        let urgency = urgency_of(live.try_get("urgency")?);
        let reply_by = waiting_since.map(|since| ms(clocks::reply_by(urgency, since)));
        sqlx::query(
            "UPDATE rec_escalations SET tracer = ?1,
                 state = CASE WHEN ?1 IS NOT NULL AND state IN ('waiting', 'overdue') THEN 'claimed' ELSE state END,
                 claimed_at = CASE WHEN ?1 IS NULL THEN NULL WHEN tracer IS ?1 THEN claimed_at ELSE ?2 END,
                 due_at = CASE WHEN state = 'claimed' AND (?3 IS NULL OR NOT ?4) THEN ?3 ELSE due_at END
             WHERE conversation = ?5 AND id = ?6",
        )
        .bind(tracer)
        .bind(turn.at)
        .bind(reply_by)
        .bind(waited)
        .bind(turn.conversation)
        .bind(live.try_get::<String, _>("id")?)
        .execute(&mut *self.db)
        .await?;
        Ok(())
    }

    /// The desk is told something; the bot goes on.
    pub(super) async fn task(&mut self, turn: Turn<'_>, call: Call<'_>) -> Result<(), RecordsError> {
        let of = turn.conversation;
        let because = Private::new(call.because.to_owned());
        sqlx::query(
            "INSERT INTO rec_tasks (conversation, id, urgency, because_sealed, quote_sealed, rule, session, raised_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, id) DO NOTHING",
        )
        .bind(of)
        .bind(call.id)
        .bind(urgency_rank(call.urgency))
        .bind(self.vault.seal_text("tasks.because", of, &because))
        .bind(call.quote.map(|quote| self.vault.seal_text("tasks.quote", of, quote)))
        .bind(call.rule)
        .bind(call.session)
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Queue);
        self.mark(turn, Mark::Task, &format!("{}: {}", call.urgency.word(), call.because), None).await
    }

    /// A tracer did a task. One that is not there is not noted: what a form says is no id.
    pub(super) async fn task_done(&mut self, turn: Turn<'_>, task: &str, tracer: &TracerId) -> Result<(), RecordsError> {
        sqlx::query(
            "INSERT INTO rec_tasks_done (conversation, id, tracer, done_at)
             SELECT conversation, id, ?3, ?4 FROM rec_tasks WHERE conversation = ?1 AND id = ?2 ON CONFLICT DO NOTHING",
        )
        .bind(turn.conversation)
        .bind(task)
        .bind(tracer.as_str())
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Queue);
        Ok(())
    }

    async fn history(&mut self, turn: Turn<'_>, history: History<'_>) -> Result<(), RecordsError> {
        let of = turn.conversation;
        sqlx::query(
            "INSERT INTO rec_escalation_history (conversation, escalation, at, change, urgency, because_sealed, tracer, outcome, due_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(of)
        .bind(history.escalation)
        .bind(turn.at)
        .bind(history.change)
        .bind(history.urgency.map(urgency_rank))
        .bind(history.because.map(|because| self.vault.seal("escalation_history.because", of, because.as_bytes())))
        .bind(history.tracer.map(TracerId::as_str))
        .bind(history.outcome.map(DeskOutcome::word))
        .bind(history.due_at.map(ms))
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Queue);
        Ok(())
    }
}
