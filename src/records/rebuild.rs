//! Making the tables again from the archive.

use sqlx::Row;

use super::{Records, RecordsError, apply};
use crate::store::Entry;

/// What is projected from the journal, and so may be dropped.
const PROJECTED: [&str; 15] = [
    "DELETE FROM rec_conversations",
    "DELETE FROM rec_people",
    "DELETE FROM rec_message_versions",
    "DELETE FROM rec_messages",
    "DELETE FROM rec_sessions",
    "DELETE FROM rec_symptom_reports",
    "DELETE FROM rec_answers",
    "DELETE FROM rec_contacts_named",
    "DELETE FROM rec_consents",
    "DELETE FROM rec_escalation_history",
    "DELETE FROM rec_escalations",
    "DELETE FROM rec_tasks",
    "DELETE FROM rec_tasks_done",
    "DELETE FROM rec_faults",
    "DELETE FROM rec_erased",
];
/// Archived lines read at once.
const PAGE: i64 = 500;

impl Records {
    /// Empties every projected table and applies the whole archive again, in one transaction: readers see the old tables until the new
    /// ones stand. Users, audit and feed stay. Gives the number of lines applied.
    ///
    /// # Errors
    /// [`RecordsError::Corrupt`] where a line of the archive cannot be opened; nothing is changed then.
    pub async fn rebuild(&self) -> Result<u64, RecordsError> {
        let mut tx = self.write().await?;
        for sql in PROJECTED {
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        let (mut after, mut n_lines) = (0_i64, 0_u64);
        loop {
            let rows = sqlx::query("SELECT n, conversation, entry_sealed FROM rec_archive WHERE n > ? ORDER BY n LIMIT ?")
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut *tx)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                after = row.try_get("n")?;
                let conversation: Option<String> = row.try_get("conversation")?;
                let sealed: Vec<u8> = row.try_get("entry_sealed")?;
                let entry: Entry = self.vault.open_json("archive.entry", conversation.as_deref().unwrap_or_default(), &sealed)?;
                apply::project(&mut tx, &self.vault, conversation.as_deref(), &entry).await?;
                n_lines += 1;
            }
        }
        tx.commit().await?;
        Ok(n_lines)
    }
}
