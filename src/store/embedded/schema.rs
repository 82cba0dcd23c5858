//! The tables, all prefixed `live_`: the record keeps its own tables in the same file.

use sqlx::{Connection, SqliteConnection};

use crate::store::contract::StoreError;

/// The number of this layout.
const SCHEMA: &str = "4";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS live_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The value begins with the header that a commit compares; wake_ms is null where nothing is to wake it.
CREATE TABLE IF NOT EXISTS live_conversation (id TEXT PRIMARY KEY, value BLOB NOT NULL, wake_ms INTEGER);
CREATE INDEX IF NOT EXISTS live_conversation_wake ON live_conversation (wake_ms, id) WHERE wake_ms IS NOT NULL;

CREATE TABLE IF NOT EXISTS live_alias (id TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;

-- Items wait in the order of seq. Only the oldest of a conversation has a `band`: its lane, and the class of the first in rank that waits there.
CREATE TABLE IF NOT EXISTS live_outbox (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL,
    own_band INTEGER NOT NULL,
    stoppable INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL,
    value BLOB NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    n_throttled INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    standing TEXT NOT NULL DEFAULT 'w',
    stopped INTEGER NOT NULL DEFAULT 0,
    not_before_ms INTEGER NOT NULL,
    band INTEGER
);
CREATE INDEX IF NOT EXISTS live_outbox_conversation ON live_outbox (conversation, seq);
CREATE INDEX IF NOT EXISTS live_outbox_ready ON live_outbox (band, not_before_ms, id) WHERE band IS NOT NULL;

-- How far messages got that left, by rank, until it may be forgotten.
CREATE TABLE IF NOT EXISTS live_sent (id TEXT PRIMARY KEY, rank INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS live_sent_until ON live_sent (until_ms);

-- AUTOINCREMENT: the number of a line that was trimmed is never used again. Either a sealed value or a line of text.
CREATE TABLE IF NOT EXISTS live_journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT, value BLOB, line TEXT);

CREATE TABLE IF NOT EXISTS live_revision (id TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS live_small (id TEXT PRIMARY KEY, value BLOB NOT NULL, until_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS live_count (id TEXT PRIMARY KEY, n INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;
";

/// Makes the tables where they are missing, and checks that the file was made with this layout and this index key (`mark`).
///
/// # Errors
/// [`StoreError::Configuration`] where it was not.
pub async fn prepare(connection: &mut SqliteConnection, mark: &str) -> Result<(), StoreError> {
    let failed = super::unavailable;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    sqlx::raw_sql(TABLES).execute(&mut *transaction).await.map_err(failed)?;
    for (name, value, otherwise) in [
        ("schema", SCHEMA, "it was written by another version of intake, whose layout this one does not know"),
        ("index key", mark, "it was written with another index key: give the key file that belongs to it"),
    ] {
        sqlx::query("INSERT INTO live_meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let kept: String = sqlx::query_scalar("SELECT value FROM live_meta WHERE name = ?1")
            .bind(name)
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        if kept != value {
            return Err(StoreError::Configuration(format!("the store's file cannot be used: {otherwise}")));
        }
    }
    transaction.commit().await.map_err(failed)
}
