//! What changed, for pages that are open: ids without gaps, so that a page that was away knows what it missed.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::{Records, RecordsError, count, int, time};
use crate::base::id::ConversationId;

/// Rows kept: a page that was away for longer reads everything anew.
const KEPT: i64 = 50_000;

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    /// From 1, without gaps.
    pub id: u64,
    /// Whose conversation; `None` for what concerns all.
    pub conversation: Option<ConversationId>,
    /// The parts of the desk's pages that changed: `transcript`, `answers`, `people`, `queue`; separated by spaces.
    pub parts: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Adds a row within a transaction; the next id is the newest plus one, which holds because there is one writer at a time.
pub(super) async fn append(
    db: &mut SqliteConnection,
    conversation: Option<&ConversationId>,
    parts: &[&str],
    at: i64,
) -> Result<(), RecordsError> {
    if parts.is_empty() {
        return Ok(());
    }
    sqlx::query("INSERT INTO rec_feed (id, conversation, parts, at) SELECT coalesce(max(id), 0) + 1, ?, ?, ? FROM rec_feed")
        .bind(conversation.map(ConversationId::as_str))
        .bind(parts.join(" "))
        .bind(at)
        .execute(db)
        .await?;
    Ok(())
}

/// Drops what is too old.
pub(super) async fn trim(db: &mut SqliteConnection) -> Result<(), RecordsError> {
    sqlx::query("DELETE FROM rec_feed WHERE id <= (SELECT coalesce(max(id), 0) FROM rec_feed) - ?").bind(KEPT).execute(db).await?;
    Ok(())
}

impl Records {
    /// Rows after an id, oldest first; `None` where rows after that id are gone or the id is not of this record: read everything anew.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn feed_after(&self, id: u64, limit: usize) -> Result<Option<Vec<FeedRow>>, RecordsError> {
        let row = sqlx::query("SELECT coalesce(min(id), 1) AS oldest, coalesce(max(id), 0) AS newest FROM rec_feed")
            .fetch_one(&self.pool)
            .await?;
        let (oldest, newest) = (count(row.try_get("oldest")?), count(row.try_get("newest")?));
        if id > newest || id + 1 < oldest {
            return Ok(None);
        }
        let rows = sqlx::query("SELECT id, conversation, parts, at FROM rec_feed WHERE id > ? ORDER BY id LIMIT ?")
            .bind(int(id))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        let row = |row: &sqlx::sqlite::SqliteRow| -> Result<FeedRow, RecordsError> {
            Ok(FeedRow {
                id: count(row.try_get("id")?),
                conversation: row.try_get::<Option<String>, _>("conversation")?.map(ConversationId),
                parts: row.try_get("parts")?,
                at: time(row.try_get("at")?),
            })
        };
        rows.iter().map(row).collect::<Result<_, _>>().map(Some)
    }

    /// The newest id; 0 where nothing happened yet.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn feed_newest(&self) -> Result<u64, RecordsError> {
        let newest: i64 = sqlx::query("SELECT coalesce(max(id), 0) FROM rec_feed").fetch_one(&self.pool).await?.try_get(0)?;
        Ok(count(newest))
    }
}
