//! An erasure: every row of a conversation goes, the archive's lines too, but for the one that says so.

use jiff::Timestamp;

use super::{Applying, Part};
use crate::records::{RecordsError, erased::ERASED, ms};

impl Applying<'_> {
    pub(super) async fn erased(&mut self, conversation: &str, opted_out: bool, at: Timestamp) -> Result<(), RecordsError> {
        for sql in ERASED {
            sqlx::query(sql).bind(conversation).execute(&mut *self.db).await?;
        }
        sqlx::query(
            "INSERT INTO rec_erased (conversation, opted_out, erased_at) VALUES (?, ?, ?)
             ON CONFLICT (conversation) DO UPDATE SET opted_out = excluded.opted_out, erased_at = excluded.erased_at",
        )
        .bind(conversation)
        .bind(opted_out)
        .bind(ms(at))
        .execute(&mut *self.db)
        .await?;
        self.parts.extend([Part::Answers, Part::People, Part::Queue, Part::Transcript]);
        Ok(())
    }
}
