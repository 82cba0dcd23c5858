//! The transcript: what they wrote, what was said, how far it got, notes and marks.

use jiff::Timestamp;
use sqlx::Row;

use super::{
    Applying, Part,
    turn::{Turn, channel_of},
};
use crate::{
    base::{
        EventId, Private,
        id::{OutboxId, TracerId},
    },
    channel::Delivery,
    engine::event::Undeliverable,
    records::{RecordsError, int, ms},
    store::{Said, SentState},
};

/// What a line between the messages tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    FlowBegan,
    FlowEnded,
    Called,
    Hands,
    Task,
    Consent,
    Identity,
    Language,
    OptedOut,
    OptedIn,
    Undeliverable,
    Fault,
}

impl Mark {
    const fn word(self) -> &'static str {
        match self {
            Self::FlowBegan => "flow began",
            Self::FlowEnded => "flow ended",
            Self::Called => "called",
            Self::Hands => "hands",
            Self::Task => "task",
            Self::Consent => "consent",
            Self::Identity => "identity",
            Self::Language => "language",
            Self::OptedOut => "opted out",
            Self::OptedIn => "opted in",
            Self::Undeliverable => "undeliverable",
            Self::Fault => "fault",
        }
    }
}

const INSERT: &str = "INSERT INTO rec_messages
    (conversation, direction, n_turn, at, channel, text_sealed, event_hash, outbox, purpose, tracer, read, doubtful, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

/// One row of the transcript before it is sealed.
#[derive(Default)]
struct Shown<'a> {
    direction: &'static str,
    at: i64,
    channel: Option<&'a str>,
    text: &'a str,
    event: Option<&'a EventId>,
    outbox: Option<&'a OutboxId>,
    purpose: Option<&'static str>,
    tracer: Option<&'a TracerId>,
    read: Option<bool>,
    doubtful: bool,
    state: Option<&'static str>,
}

impl Applying<'_> {
    async fn row(&mut self, turn: Turn<'_>, row: Shown<'_>) -> Result<(), RecordsError> {
        sqlx::query(INSERT)
            .bind(turn.conversation)
            .bind(row.direction)
            .bind(int(turn.entry.n_turn))
            .bind(row.at)
            .bind(row.channel)
            .bind(self.vault.seal("messages.text", turn.conversation, row.text.as_bytes()))
            .bind(row.event.map(|event| self.vault.hash("event", event.as_str())))
            .bind(row.outbox.map(OutboxId::as_str))
            .bind(row.purpose)
            .bind(row.tracer.map(TracerId::as_str))
            .bind(row.read)
            .bind(row.doubtful)
            .bind(row.state)
            .execute(&mut *self.db)
            .await?;
        self.parts.insert(Part::Transcript);
        Ok(())
    }

    /// What they wrote. `read` is `None` for what may be a repeat and was only shown.
    pub(super) async fn received(
        &mut self,
        turn: Turn<'_>,
        text: &Private<String>,
        channel: &str,
        read: Option<bool>,
    ) -> Result<(), RecordsError> {
        let row = Shown {
            direction: "in",
            at: ms(turn.entry.event.at),
            channel: if channel.is_empty() { channel_of(&turn.entry.event.kind) } else { Some(channel) },
            text: text.reveal(),
            event: Some(&turn.entry.event.id),
            read: Some(read.unwrap_or(false)),
            doubtful: read.is_none(),
            ..Shown::default()
        };
        self.row(turn, row).await
    }

    /// They changed or deleted a message: the old words stay beside the new.
    pub(super) async fn revised(&mut self, turn: Turn<'_>, original: &EventId, text: Option<&Private<String>>) -> Result<(), RecordsError> {
        let hash = self.vault.hash("event", original.as_str());
        let found = sqlx::query("SELECT n, text_sealed FROM rec_messages WHERE conversation = ? AND event_hash = ? ORDER BY n LIMIT 1")
            .bind(turn.conversation)
            .bind(hash)
            .fetch_optional(&mut *self.db)
            .await?;
        // A message from before the record began, or one never shown: nothing to change.
        let Some(found) = found else { return Ok(()) };
        let n: i64 = found.try_get("n")?;
        match text {
            Some(text) => {
                let old: Vec<u8> = found.try_get("text_sealed")?;
                let old = self.vault.open("messages.text", turn.conversation, &old)?;
                sqlx::query("INSERT INTO rec_message_versions (message, text_sealed, until_at) VALUES (?, ?, ?)")
                    .bind(n)
                    .bind(self.vault.seal("message_versions.text", turn.conversation, &old))
                    .bind(turn.at)
                    .execute(&mut *self.db)
                    .await?;
                sqlx::query("UPDATE rec_messages SET text_sealed = ? WHERE n = ?")
                    .bind(self.vault.seal_text("messages.text", turn.conversation, text))
                    .bind(n)
                    .execute(&mut *self.db)
                    .await?;
            }
            None => {
                sqlx::query("UPDATE rec_messages SET deleted_at = ? WHERE n = ?").bind(turn.at).bind(n).execute(&mut *self.db).await?;
            }
        }
        self.parts.insert(Part::Transcript);
        Ok(())
    }

    /// What was decided to be said; whether it left is told by delivery lines.
    pub(super) async fn said(&mut self, turn: Turn<'_>, said: &Said) -> Result<(), RecordsError> {
        let row = Shown {
            direction: "out",
            at: turn.at,
            channel: Some(&said.channel),
            text: said.text.reveal(),
            outbox: Some(&said.outbox),
            purpose: Some(said.purpose.word()),
            tracer: said.tracer.as_ref(),
            state: Some("waiting"),
            ..Shown::default()
        };
        self.row(turn, row).await
    }

    pub(super) async fn noted(&mut self, turn: Turn<'_>, tracer: &TracerId, note: &Private<String>) -> Result<(), RecordsError> {
        let row = Shown { direction: "note", at: turn.at, text: note.reveal(), tracer: Some(tracer), ..Shown::default() };
        self.row(turn, row).await
    }

    /// A line between the messages.
    pub(super) async fn mark(&mut self, turn: Turn<'_>, mark: Mark, text: &str, tracer: Option<&TracerId>) -> Result<(), RecordsError> {
        let row = Shown { direction: "mark", at: turn.at, text, purpose: Some(mark.word()), tracer, ..Shown::default() };
        self.row(turn, row).await
    }

    /// How far a message of ours got: forward only.
    pub(super) async fn delivery(
        &mut self,
        outbox: &OutboxId,
        state: SentState,
        code: Option<&str>,
        at: Timestamp,
    ) -> Result<(), RecordsError> {
        let found = sqlx::query("SELECT state, state_reason FROM rec_messages WHERE outbox = ?")
            .bind(outbox.as_str())
            .fetch_optional(&mut *self.db)
            .await?;
        // Events for other conversations leave by the outbox too: they are no messages.
        let Some(found) = found else { return Ok(()) };
        let earlier: String = found.try_get("state")?;
        let moves = match (state, delivery_of(&earlier)) {
            (SentState::Delivery(new), Some(earlier)) => new.advances(earlier),
            (SentState::Delivery(_) | SentState::Superseded | SentState::Cancelled, None) => earlier == "waiting",
            (SentState::Superseded | SentState::Cancelled, Some(_)) => false,
        };
        if moves {
            let (word, reason) = match state {
                SentState::Delivery(Delivery::Failed(reason)) => ("failed", Some(reason_word(reason))),
                SentState::Delivery(delivery) => (delivery.word(), None),
                SentState::Superseded => ("superseded", None),
                SentState::Cancelled => ("cancelled", None),
            };
            sqlx::query("UPDATE rec_messages SET state = ?, state_reason = ?, state_code = ?, state_at = ? WHERE outbox = ?")
                .bind(word)
                .bind(reason)
                .bind(code)
                .bind(ms(at))
                .bind(outbox.as_str())
                .execute(&mut *self.db)
                .await?;
            self.parts.insert(Part::Transcript);
        }
        Ok(())
    }

    pub(super) async fn fault(&mut self, channel: &str, what: &str, at: Timestamp) -> Result<(), RecordsError> {
        sqlx::query("INSERT INTO rec_faults (channel, what, at) VALUES (?, ?, ?)")
            .bind(channel)
            .bind(what)
            .bind(ms(at))
            .execute(&mut *self.db)
            .await?;
        Ok(())
    }
}

/// A provider's word as stored; `None` for `waiting`, `superseded`, `cancelled`. The reason of a failure does not matter to the order.
fn delivery_of(word: &str) -> Option<Delivery> {
    let failed = Delivery::Failed(Undeliverable::GaveUp);
    [Delivery::Accepted, Delivery::Sent, Delivery::Delivered, Delivery::Read, failed].into_iter().find(|delivery| delivery.word() == word)
}

const fn reason_word(reason: Undeliverable) -> &'static str {
    match reason {
        Undeliverable::OptedOut => "opted out at the provider",
        Undeliverable::WrongNumber => "wrong number",
        Undeliverable::WindowShut => "window shut",
        Undeliverable::Content => "content refused",
        Undeliverable::Configuration => "our account or settings",
        Undeliverable::GaveUp => "given up after many tries",
    }
}
