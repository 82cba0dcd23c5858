//! What was erased, and what is old enough to be.

use jiff::Timestamp;
use sqlx::Row;

use super::{Records, RecordsError, ms, time};
use crate::base::id::ConversationId;

/// Takes everything of one conversation out of the record. What stays says nothing of anybody: the audit (who saw or did what, by the
/// conversation's keyed hash), the feed, faults, and the line of the archive that it was erased.
pub(super) const ERASED: [&str; 15] = [
    "DELETE FROM rec_message_versions WHERE message IN (SELECT n FROM rec_messages WHERE conversation = ?1)",
    "DELETE FROM rec_messages WHERE conversation = ?1",
    "DELETE FROM rec_people WHERE conversation = ?1",
    "DELETE FROM rec_symptom_reports WHERE conversation = ?1",
    "DELETE FROM rec_answers WHERE conversation = ?1",
    "DELETE FROM rec_contacts_named WHERE conversation = ?1",
    "DELETE FROM rec_consents WHERE conversation = ?1",
    "DELETE FROM rec_escalation_history WHERE conversation = ?1",
    "DELETE FROM rec_escalations WHERE conversation = ?1",
    "DELETE FROM rec_tasks WHERE conversation = ?1",
    "DELETE FROM rec_tasks_done WHERE conversation = ?1",
    "DELETE FROM rec_sessions WHERE conversation = ?1",
    "DELETE FROM rec_conversations WHERE id = ?1",
    "DELETE FROM rec_erased WHERE conversation = ?1",
    // Up to the line that says so: what they write afterwards stays when the tables are made again.
    "DELETE FROM rec_archive WHERE conversation = ?1 AND kind <> 'erased'
     AND n < (SELECT max(n) FROM rec_archive WHERE conversation = ?1 AND kind = 'erased')",
];

impl Records {
    /// When a conversation was erased last, if it was.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn erased_at(&self, conversation: &ConversationId) -> Result<Option<Timestamp>, RecordsError> {
        let row = sqlx::query("SELECT erased_at FROM rec_erased WHERE conversation = ?")
            .bind(conversation.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(time(row.try_get("erased_at")?))).transpose()
    }

    /// Conversations in which nothing happened since a time and that wait for nobody, the oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn quiet_since(&self, before: Timestamp, limit: usize) -> Result<Vec<ConversationId>, RecordsError> {
        let sql = "SELECT id FROM rec_conversations WHERE changed_at < ? AND NOT EXISTS
            (SELECT 1 FROM rec_escalations AS call WHERE call.conversation = rec_conversations.id AND ended_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM rec_tasks AS task WHERE task.conversation = rec_conversations.id AND NOT EXISTS
            (SELECT 1 FROM rec_tasks_done AS done WHERE done.conversation = task.conversation AND done.id = task.id))
            ORDER BY changed_at LIMIT ?";
        self.ids(sql, before, limit).await
    }

    /// Conversations erased before a time that had not opted out, the oldest first: their tombstones may be forgotten.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn erased_before(&self, before: Timestamp, limit: usize) -> Result<Vec<ConversationId>, RecordsError> {
        let sql = "SELECT conversation AS id FROM rec_erased WHERE erased_at < ? AND NOT opted_out
            AND NOT EXISTS (SELECT 1 FROM rec_conversations WHERE id = conversation) ORDER BY erased_at LIMIT ?";
        self.ids(sql, before, limit).await
    }

    /// Notes that a tombstone is gone from the live store.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn forgotten(&self, conversation: &ConversationId) -> Result<(), RecordsError> {
        sqlx::query("DELETE FROM rec_erased WHERE conversation = ?").bind(conversation.as_str()).execute(&self.pool).await?;
        Ok(())
    }

    /// Moves what SQLite's log beside the file holds into the file and empties it, so that no erased page stands there any more.
    /// Where others are reading just now it is left to the next time.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn empty_log(&self) -> Result<(), RecordsError> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&self.pool).await?;
        Ok(())
    }

    async fn ids(&self, sql: &'static str, before: Timestamp, limit: usize) -> Result<Vec<ConversationId>, RecordsError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(sql).bind(ms(before)).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(ConversationId(row.try_get("id")?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::migrate::MIGRATIONS, ERASED};

    #[test]
    fn every_table_of_a_conversation_is_erased() {
        let mut table = "";
        for line in MIGRATIONS.iter().flat_map(|(_, sql)| sql.lines()).map(str::trim) {
            if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                table = name.trim_end_matches(" (");
            } else if line.contains("_sealed") && table != "rec_users" && !line.starts_with("--") && !line.starts_with("ALTER") {
                assert!(ERASED.iter().any(|sql| sql.starts_with(&format!("DELETE FROM {table} "))), "{table}: {line}");
            }
        }
    }
}
