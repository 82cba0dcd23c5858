//! Applying the journal: each line is archived and its facts become rows, in one transaction.

mod answers;
mod erased;
mod hands;
mod messages;
mod turn;
mod unclear;

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use super::{Records, RecordsError, feed, int, ms, vault::Vault};
use crate::{
    base::{EventId, id::ConversationId},
    store::{Cursor, Entry, Line},
};

/// Lines in one transaction: the live store's writer waits for no longer.
const LINES_AT_ONCE: usize = 64;

/// What came of applying lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Lines that were new.
    pub n_new: usize,
    /// Of each shard among the lines the last one: archived now, so the journal may be trimmed up to it.
    pub through: Vec<Cursor>,
    /// The newest id of the feed.
    pub feed_id: u64,
}

/// The parts of the desk's pages that a line changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Answers,
    People,
    Queue,
    Transcript,
}

impl Part {
    const fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::People => "people",
            Self::Queue => "queue",
            Self::Transcript => "transcript",
        }
    }
}

/// What applying one line works with.
struct Applying<'a> {
    db: &'a mut SqliteConnection,
    vault: &'a Vault,
    parts: BTreeSet<Part>,
}

impl Records {
    /// Applies and archives lines of the journal, in order, some at a time. A line that was applied before changes nothing, be it the
    /// same place again or the same turn at another place.
    ///
    /// # Errors
    /// [`RecordsError::Unavailable`]: lines before the error may be applied; call again with all of them.
    pub async fn apply(&self, lines: &[Line]) -> Result<Applied, RecordsError> {
        let mut applied = Applied::default();
        for lines in lines.chunks(LINES_AT_ONCE) {
            let mut tx = self.write().await?;
            for line in lines {
                if archive(&mut tx, &self.vault, line, ms(self.clock.now())).await? {
                    let parts = project(&mut tx, &self.vault, line.conversation.as_ref().map(|id| id.as_str()), &line.entry).await?;
                    feed::append(&mut tx, line.conversation.as_ref(), &parts, ms(self.clock.now())).await?;
                    applied.n_new += 1;
                }
                applied.through.retain(|cursor| cursor.shard != line.cursor.shard);
                applied.through.push(line.cursor.clone());
            }
            for cursor in &applied.through {
                sqlx::query(
                    "INSERT INTO rec_cursor (shard, position) VALUES (?, ?) ON CONFLICT (shard) DO UPDATE SET position = excluded.position",
                )
                .bind(i64::from(cursor.shard))
                .bind(&cursor.position)
                .execute(&mut *tx)
                .await?;
            }
            feed::trim(&mut tx).await?;
            tx.commit().await?;
        }
        applied.feed_id = self.feed_newest().await?;
        Ok(applied)
    }

    /// How far each shard's journal is archived: where the recorder reads on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn cursors(&self) -> Result<Vec<Cursor>, RecordsError> {
        use sqlx::Row;
        let rows = sqlx::query("SELECT shard, position FROM rec_cursor ORDER BY shard").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(Cursor { shard: row.try_get("shard")?, position: row.try_get("position")? })).collect()
    }
}

impl Records {
    /// Whether an event of a conversation is archived: however long ago it was.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn has_event(&self, conversation: &ConversationId, event: &EventId) -> Result<bool, RecordsError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM rec_archive WHERE conversation = ? AND event_hash = ? AND kind = 'turn' LIMIT 1")
                .bind(conversation.as_str())
                .bind(self.vault.hash("event", event.as_str()))
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }
}

/// Archives a line; false where it is archived already.
async fn archive(db: &mut SqliteConnection, vault: &Vault, line: &Line, now: i64) -> Result<bool, RecordsError> {
    let conversation = line.conversation.as_ref().map(|id| id.as_str());
    let (kind, event_hash, n_turn) = match &line.entry {
        Entry::Turn(turn) => ("turn", Some(vault.hash("event", turn.event.id.as_str())), Some(int(turn.n_turn))),
        Entry::Delivery { .. } => ("delivery", None, None),
        Entry::Fault { .. } => ("fault", None, None),
        Entry::Erased { .. } => ("erased", None, None),
    };
    let sealed = vault.seal_json("archive.entry", conversation.unwrap_or_default(), &line.entry)?;
    let done = sqlx::query(
        "INSERT INTO rec_archive (shard, position, conversation, kind, event_hash, n_turn, entry_sealed, applied_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(i64::from(line.cursor.shard))
    .bind(&line.cursor.position)
    .bind(conversation)
    .bind(kind)
    .bind(event_hash)
    .bind(n_turn)
    .bind(sealed)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Turns one entry into rows; gives the parts of the desk's pages that changed.
pub(super) async fn project(
    db: &mut SqliteConnection,
    vault: &Vault,
    conversation: Option<&str>,
    entry: &Entry,
) -> Result<Vec<&'static str>, RecordsError> {
    let mut applying = Applying { db, vault, parts: BTreeSet::new() };
    match (entry, conversation) {
        (Entry::Turn(turn), Some(conversation)) => applying.turn(conversation, turn).await?,
        (Entry::Delivery { outbox, state, code, at }, _) => applying.delivery(outbox, *state, code.as_deref(), *at).await?,
        (Entry::Fault { channel, what, at }, _) => applying.fault(channel, what, *at).await?,
        (Entry::Erased { opted_out, at }, Some(conversation)) => applying.erased(conversation, *opted_out, *at).await?,
        (Entry::Erased { .. }, None) => {}
        // A turn always has a conversation; without one there is nothing it could be shown with. It stays in the archive.
        (Entry::Turn(_), None) => {}
    }
    Ok(applying.parts.into_iter().map(Part::word).collect())
}
