//! A turn: its conversation's row, its facts one by one, then what was said.

use super::{Applying, Part, messages::Mark};
use crate::{
    base::Private,
    engine::{EventKind, Fact},
    records::{RecordsError, int, ms},
    store::TurnEntry,
};

/// The turn that is being applied.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) conversation: &'a str,
    pub(super) entry: &'a TurnEntry,
    /// When it was decided, in ms.
    pub(super) at: i64,
}

impl Applying<'_> {
    pub(super) async fn turn(&mut self, conversation: &str, entry: &TurnEntry) -> Result<(), RecordsError> {
        let turn = Turn { conversation, entry, at: ms(entry.now) };
        self.conversation(turn).await?;
        for fact in &entry.facts {
            self.fact(turn, fact).await?;
        }
        for said in &entry.said {
            self.said(turn, said).await?;
        }
        Ok(())
    }

    async fn conversation(&mut self, turn: Turn<'_>) -> Result<(), RecordsError> {
        let canonical = turn.entry.address.canonical();
        let known: Option<i64> = sqlx::query_scalar("SELECT n_turn FROM rec_conversations WHERE id = ?")
            .bind(turn.conversation)
            .fetch_optional(&mut *self.db)
            .await?;
        if known.is_some_and(|known| known >= int(turn.entry.n_turn)) {
            // A store that came back older than it was, or somebody put a whole older value back, which opens in its own place.
            metrics::counter!("intake_rolled_back_total").increment(1);
            tracing::error!(
                conversation = turn.conversation,
                n_turn = turn.entry.n_turn,
                "a turn follows on an older state than the record knows"
            );
        }
        sqlx::query(
            "INSERT INTO rec_conversations (id, medium, address_sealed, address_hash, channel, n_turn, began_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
             ON CONFLICT (id) DO UPDATE SET
                 channel = coalesce(excluded.channel, channel), n_turn = max(n_turn, excluded.n_turn), changed_at = excluded.changed_at",
        )
        .bind(turn.conversation)
        .bind(turn.entry.address.medium.word())
        .bind(self.vault.seal_text("conversations.address", turn.conversation, &turn.entry.address.id))
        .bind(self.vault.hash("address", canonical.reveal()))
        .bind(channel_of(&turn.entry.event.kind))
        .bind(int(turn.entry.n_turn))
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        Ok(())
    }

    async fn fact(&mut self, turn: Turn<'_>, fact: &Fact) -> Result<(), RecordsError> {
        match fact {
            Fact::Received { text, channel, read } => self.received(turn, text, channel, Some(*read)).await,
            Fact::PerhapsRepeated { text } | Fact::Throttled { text } => self.received(turn, text, "", None).await,
            Fact::Revised { original, text } => self.revised(turn, original, text.as_ref()).await,
            Fact::Person { number, first_name, birth_year, record } => {
                self.person(turn, *number, first_name, *birth_year, record.as_ref()).await
            }
            Fact::SessionStarted { session, flow, revision } => self.session_started(turn, session, flow, revision).await,
            Fact::SessionEnded { session, flow, end } => self.session_ended(turn, session, flow, end).await,
            Fact::Answered(answer) => self.answered(turn, answer).await,
            Fact::ItemGiven { session, noun, group, nth, fields, finished } => {
                if noun == "contact" {
                    self.contact_named(turn, session, group, *nth, fields, *finished).await?;
                }
                Ok(())
            }
            Fact::Consent { session, step, revision, language, given } => {
                self.consent(turn, session, step, revision, language, *given).await
            }
            Fact::Identity { held } => {
                if *held {
                    self.set_time(turn, "UPDATE rec_conversations SET identity_held_at = ? WHERE id = ?", Some(turn.at)).await?;
                }
                self.mark(turn, Mark::Identity, if *held { "held" } else { "failed" }, None).await
            }
            Fact::Escalated { escalation, urgency, because, rule, quote, session, due_at } => {
                let call = super::hands::Call {
                    id: escalation,
                    urgency: *urgency,
                    because,
                    rule,
                    quote: quote.as_ref(),
                    session: session.as_deref(),
                };
                self.escalated(turn, call, *due_at).await
            }
            Fact::EscalationChanged { escalation, change, tracer, outcome, due_at } => {
                self.escalation_changed(turn, escalation, change, tracer.as_ref(), *outcome, *due_at).await
            }
            Fact::Task { task, urgency, because, rule, quote, session } => {
                let call =
                    super::hands::Call { id: task, urgency: *urgency, because, rule, quote: quote.as_ref(), session: session.as_deref() };
                self.task(turn, call).await
            }
            Fact::TaskDone { task, tracer } => self.task_done(turn, task, tracer).await,
            Fact::Noted { tracer, note } => self.noted(turn, tracer, note).await,
            Fact::OptedOut => {
                self.set_time(turn, "UPDATE rec_conversations SET opted_out_at = ? WHERE id = ?", Some(turn.at)).await?;
                self.mark(turn, Mark::OptedOut, "", None).await
            }
            Fact::OptedIn => {
                self.set_time(turn, "UPDATE rec_conversations SET opted_out_at = ? WHERE id = ?", None).await?;
                self.mark(turn, Mark::OptedIn, "", None).await
            }
            Fact::LanguageSet { language } => self.mark(turn, Mark::Language, language.tag(), None).await,
            Fact::NotUnderstood { session, flow, step, language, reason, said } => {
                let unclear = super::unclear::Unclear { session, flow, step, language: language.tag(), reason, said };
                self.not_understood(turn, unclear).await
            }
            Fact::AnswerDropped { session, step, items } => self.answer_dropped(turn, session, step, items).await,
            Fact::Undeliverable { reason } => self.mark(turn, Mark::Undeliverable, reason, None).await,
            Fact::Fault { what } => self.mark(turn, Mark::Fault, what, None).await,
            Fact::Standing { holder, epoch, open, waiting_since, language, last_inbound_at } => {
                let waited = self.waited(turn).await?;
                let (flow, step) = open.as_ref().map_or((None, None), |(flow, step)| (Some(flow.as_str()), Some(step.as_str())));
                sqlx::query(
                    "UPDATE rec_conversations SET holder = ?, epoch = ?, open_flow = ?, open_step = ?, waiting_since_at = ?, language = ?,
                     last_inbound_at = ? WHERE id = ?",
                )
                .bind(holder)
                .bind(int(*epoch))
                .bind(flow)
                .bind(step)
                .bind(waiting_since.map(ms))
                .bind(language.as_ref().map(|language| language.tag()))
                .bind(last_inbound_at.map(ms))
                .bind(turn.conversation)
                .execute(&mut *self.db)
                .await?;
                self.held_by(turn, holder, waited, *waiting_since).await?;
                self.parts.insert(Part::Queue);
                Ok(())
            }
        }
    }

    async fn set_time(&mut self, turn: Turn<'_>, sql: &'static str, at: Option<i64>) -> Result<(), RecordsError> {
        sqlx::query(sql).bind(at).bind(turn.conversation).execute(&mut *self.db).await?;
        Ok(())
    }

    /// Whether they waited for a human's word before this turn.
    async fn waited(&mut self, turn: Turn<'_>) -> Result<bool, RecordsError> {
        use sqlx::Row;
        let row = sqlx::query("SELECT waiting_since_at IS NOT NULL AS waited FROM rec_conversations WHERE id = ?")
            .bind(turn.conversation)
            .fetch_one(&mut *self.db)
            .await?;
        Ok(row.try_get("waited")?)
    }

    async fn person(
        &mut self,
        turn: Turn<'_>,
        number: crate::base::id::PersonNumber,
        first_name: &Private<String>,
        birth_year: Option<i16>,
        record: Option<&Private<String>>,
    ) -> Result<(), RecordsError> {
        let of = turn.conversation;
        let birth_year = birth_year.map(|year| Private::new(year.to_string()));
        sqlx::query(
            "INSERT INTO rec_people (conversation, number, first_name_sealed, birth_year_sealed, record_sealed, record_hash, changed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (conversation, number) DO UPDATE SET first_name_sealed = excluded.first_name_sealed,
                 birth_year_sealed = excluded.birth_year_sealed, record_sealed = excluded.record_sealed,
                 record_hash = excluded.record_hash, changed_at = excluded.changed_at",
        )
        .bind(of)
        .bind(i64::from(number.0))
        .bind(self.vault.seal_text("people.first_name", of, first_name))
        .bind(birth_year.map(|year| self.vault.seal_text("people.birth_year", of, &year)))
        .bind(record.map(|record| self.vault.seal_text("people.record", of, record)))
        .bind(record.map(|record| self.vault.hash("record", record.reveal())))
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::People);
        Ok(())
    }

    async fn session_started(
        &mut self,
        turn: Turn<'_>,
        session: &str,
        flow: &str,
        revision: &crate::base::id::RevisionId,
    ) -> Result<(), RecordsError> {
        sqlx::query(
            "INSERT INTO rec_sessions (conversation, id, flow, revision, began_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (conversation, id) DO NOTHING",
        )
        .bind(turn.conversation)
        .bind(session)
        .bind(flow)
        .bind(revision.as_str())
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Answers);
        self.mark(turn, Mark::FlowBegan, flow, None).await
    }

    async fn session_ended(&mut self, turn: Turn<'_>, session: &str, flow: &str, end: &str) -> Result<(), RecordsError> {
        sqlx::query("UPDATE rec_sessions SET ended_at = ?, ended = ? WHERE conversation = ? AND id = ?")
            .bind(turn.at)
            .bind(end)
            .bind(turn.conversation)
            .bind(session)
            .execute(&mut *self.db)
            .await?;
        self.parts.insert(Part::Answers);
        self.mark(turn, Mark::FlowEnded, &format!("{flow}: {end}"), None).await
    }
}

/// The channel that an event came by or writes by.
pub(super) fn channel_of(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::Message { channel, .. } => Some(channel),
        EventKind::Start(start) => Some(&start.channel),
        EventKind::Fault { during, .. } => channel_of(during),
        EventKind::Wake | EventKind::Undeliverable { .. } | EventKind::Notice { .. } | EventKind::Desk { .. } => None,
    }
}
