//! Replies that were not understood.

use super::{Applying, turn::Turn};
use crate::{base::Private, records::RecordsError};

/// A reply that was not understood.
pub(super) struct Unclear<'a> {
    pub(super) session: &'a str,
    pub(super) flow: &'a str,
    pub(super) step: &'a str,
    pub(super) language: &'a str,
    pub(super) reason: &'a str,
    pub(super) said: &'a Private<String>,
}

impl Applying<'_> {
    pub(super) async fn not_understood(&mut self, turn: Turn<'_>, unclear: Unclear<'_>) -> Result<(), RecordsError> {
        sqlx::query(
            "INSERT INTO rec_unclear (conversation, session, flow, step, language, reason, said_sealed, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(turn.conversation)
        .bind(unclear.session)
        .bind(unclear.flow)
        .bind(unclear.step)
        .bind(unclear.language)
        .bind(unclear.reason)
        .bind(self.vault.seal_text("unclear.said", turn.conversation, unclear.said))
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        Ok(())
    }
}
