//! The store in one SQLite file, for one process: WAL, `synchronous=FULL`, one writer that groups commits, a few readers.
//!
//! Not a small Redis: there is one shard, and its lease lives in the process, because a second process on the same file is refused by
//! a lock beside it (`intake.db.lock`). The record keeps its own tables in the same file through its own connections.

mod commits;
mod ops;
mod schema;
mod script;
mod writer;

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{
    Connection, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot};

use self::{
    ops::{Op, Reply, signed},
    writer::Job,
};
use super::{
    back::fresh_fence,
    codec::{self, Kind},
    contract::{Begin, Cursor, Due, Held, Receipted, StoreError},
    erase::RawErase,
    lane::Band,
    pace::{Grant, Pace, Senders, Want},
    raw::{RawBegin, RawBody, RawCommit, RawCommitted, RawLine, RawReady, RawSettle, Standing},
    reseal::Page,
    single::{Lease, SHARD, only_shard, place, position},
};
use crate::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
    },
    channel::Delivery,
};

/// Connections that read.
const READERS: u32 = 4;
/// How long a statement waits for another connection of this process that writes: the recorder.
const BUSY: Duration = Duration::from_secs(5);

/// One SQLite file.
pub struct Embedded {
    jobs: mpsc::Sender<Job>,
    readers: SqlitePool,
    lease: Mutex<Option<Lease>>,
    senders: Mutex<Senders>,
    clock: Clock,
    lock: Mutex<Option<File>>,
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.unlock();
    }
}

/// What went wrong with the file; SQLite's own words name tables, never values.
fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

impl Embedded {
    /// Opens or makes the file at a path, readable by its owner only.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] where another process serves it, it cannot be made, or it belongs to another index key.
    pub async fn open(path: &str, mark: &str, clock: Clock) -> Result<Self, StoreError> {
        if path.is_empty() {
            return Err(StoreError::Configuration("`sqlite:` needs a path, as in `sqlite:intake.db`".to_owned()));
        }
        let lock = lock_beside(path)?;
        owned_file(Path::new(path)).map_err(|error| StoreError::Configuration(format!("`{path}` cannot be opened: {error}")))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            // What is deleted is overwritten: an erasure leaves nothing in free pages.
            .pragma("secure_delete", "on");
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(unavailable)?;
        schema::prepare(&mut connection, mark).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            // A file does not hang up.
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(unavailable)?;
        let (jobs, queue) = mpsc::channel(writer::QUEUE);
        tokio::spawn(writer::run(connection, queue, clock.clone()));
        Ok(Self { jobs, readers, lease: Mutex::default(), senders: Mutex::default(), clock, lock: Mutex::new(Some(lock)) })
    }

    pub async fn close(&self) {
        let (tell, told) = oneshot::channel();
        if self.jobs.send(Job::Stop(tell)).await.is_ok() {
            let _ = told.await;
        }
        self.readers.close().await;
        self.unlock();
    }

    /// By name, not only by closing the file: a process that is being started from this one holds a copy of it for a moment.
    fn unlock(&self) {
        if let Some(file) = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = file.unlock();
        }
    }

    async fn change(&self, op: Op) -> Result<Reply, StoreError> {
        let gone = || StoreError::Unavailable("the file is closed".to_owned());
        let (tell, told) = oneshot::channel();
        self.jobs.send(Job::Change(op, tell)).await.map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    async fn done(&self, op: Op) -> Result<(), StoreError> {
        self.change(op).await.map(|_| ())
    }

    fn lease(&self) -> MutexGuard<'_, Option<Lease>> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leased(&self, fence: u64) -> bool {
        Lease::allows(self.lease().as_ref(), fence, self.clock.now().as_millisecond())
    }

    pub async fn load(&self, id: &ConversationId) -> Result<Option<Vec<u8>>, StoreError> {
        self.value("SELECT value FROM live_conversation WHERE id = ?1", id.as_str()).await
    }

    pub async fn alias(&self, id: &ConversationId) -> Result<Option<ConversationId>, StoreError> {
        let target: Option<String> = sqlx::query_scalar("SELECT target FROM live_alias WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(target.map(ConversationId))
    }

    pub async fn put_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        self.done(Op::Alias { id: id.clone(), target: target.clone() }).await
    }

    pub async fn drop_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        self.done(Op::DropAlias { id: id.clone(), target: target.clone() }).await
    }

    pub async fn commit(&self, commit: RawCommit) -> Result<RawCommitted, StoreError> {
        match self.change(Op::Commit(Box::new(commit))).await? {
            Reply::Committed(committed) => Ok(committed),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn erase(&self, erase: RawErase) -> Result<bool, StoreError> {
        match self.change(Op::Erase(erase)).await? {
            Reply::Erased(erased) => Ok(erased),
            other => Err(unexpected(&other)),
        }
    }

    pub fn hold(&self, node: &str, lease_ms: u64) -> Held {
        let now_ms = self.clock.now().as_millisecond();
        self.senders().sweep(now_ms);
        let fence = Lease::hold(&mut self.lease(), node, now_ms, lease_ms, fresh_fence(&self.clock));
        Held { shards: fence.map(|fence| (SHARD, fence)).into_iter().collect() }
    }

    pub fn let_go(&self, node: &str) {
        Lease::let_go(&mut self.lease(), node);
    }

    pub async fn outbox(&self, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Result<Vec<RawReady>, StoreError> {
        let Some(shard) = only_shard(held) else { return Ok(Vec::new()) };
        let mut ready = Vec::new();
        // Band by band: each is one walk along the index.
        for band in bands {
            let rows = sqlx::query(
                "SELECT id, value, n_attempts, standing, n_throttled, not_before_ms FROM live_outbox \
                 WHERE band = ?1 AND not_before_ms <= ?2 ORDER BY not_before_ms, id LIMIT ?3",
            )
            .bind(band.number())
            .bind(now_ms)
            .bind(as_limit(each))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
            for row in rows {
                let at_ms: i64 = row.try_get(5).map_err(unavailable)?;
                ready.push((at_ms, read_ready(&row, *band, shard).map_err(unavailable)?));
            }
        }
        ready.sort_by(|(at, a), (b_at, b)| (a.band.class, at, &a.id).cmp(&(b.band.class, b_at, &b.id)));
        Ok(ready.into_iter().map(|(_, ready)| ready).collect())
    }

    pub async fn outbox_of(&self, held: &Held, of: &[ConversationId], now_ms: i64) -> Result<Vec<RawReady>, StoreError> {
        let Some(shard) = only_shard(held) else { return Ok(Vec::new()) };
        let mut ready = Vec::new();
        for id in of {
            let row = sqlx::query(
                "SELECT id, value, n_attempts, standing, n_throttled, band FROM live_outbox \
                 WHERE conversation = ?1 AND band IS NOT NULL AND not_before_ms <= ?2",
            )
            .bind(id.as_str())
            .bind(now_ms)
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)?;
            let Some(row) = row else { continue };
            if let Some(band) = Band::of_number(row.try_get(5).map_err(unavailable)?) {
                ready.push(read_ready(&row, band, shard).map_err(unavailable)?);
            }
        }
        Ok(ready)
    }

    pub fn grant(&self, sender: &str, pace: Pace, wants: &[Want]) -> Vec<Grant> {
        let now_ms = self.clock.now().as_millisecond();
        self.senders().grant(sender, pace, wants, now_ms)
    }

    pub fn slow(&self, sender: &str, pace: Pace, pause_ms: i64) {
        let now_ms = self.clock.now().as_millisecond();
        self.senders().slow(sender, pace, pause_ms, now_ms);
    }

    /// In memory, for one process serves the file: after a restart every sender has its burst again.
    fn senders(&self) -> MutexGuard<'_, Senders> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn set_aside(&self, id: &OutboxId, until_ms: i64) -> Result<(), StoreError> {
        self.done(Op::SetAside { id: id.clone(), until_ms }).await
    }

    pub async fn begin(&self, begin: RawBegin) -> Result<Begin, StoreError> {
        let leased = self.leased(begin.shard.1);
        match self.change(Op::Begin { begin, leased }).await? {
            Reply::Begin(begun) => Ok(begun),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn settle(&self, settle: RawSettle) -> Result<(), StoreError> {
        let leased = self.leased(settle.shard.1);
        self.done(Op::Settle { settle, leased }).await
    }

    pub async fn receipt(
        &self,
        id: &OutboxId,
        conversation: &ConversationId,
        delivery: Delivery,
        at_ms: i64,
    ) -> Result<Receipted, StoreError> {
        let op = Op::Receipt { id: id.clone(), conversation: conversation.clone(), delivery, at_ms };
        match self.change(op).await? {
            Reply::Receipted(receipted) => Ok(receipted),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn due(&self, held: &Held, now_ms: i64, limit: usize) -> Result<Vec<Due>, StoreError> {
        if only_shard(held).is_none() {
            return Ok(Vec::new());
        }
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT id, wake_ms FROM live_conversation WHERE wake_ms <= ?1 ORDER BY wake_ms, id LIMIT ?2")
                .bind(now_ms)
                .bind(as_limit(limit))
                .fetch_all(&self.readers)
                .await
                .map_err(unavailable)?;
        let due = |(id, at_ms)| Some(Due { conversation: ConversationId(id), at: Timestamp::from_millisecond(at_ms).ok()? });
        Ok(rows.into_iter().filter_map(due).collect())
    }

    pub async fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Result<Vec<RawLine>, StoreError> {
        if only_shard(held).is_none() {
            return Ok(Vec::new());
        }
        let after = after.iter().filter(|cursor| cursor.shard == SHARD).map(place).max().unwrap_or(0);
        let rows = sqlx::query("SELECT seq, conversation, value, line FROM live_journal WHERE seq > ?1 ORDER BY seq LIMIT ?2")
            .bind(signed(after))
            .bind(as_limit(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        rows.iter().map(read_line).collect()
    }

    pub async fn trim(&self, through: &[Cursor]) -> Result<(), StoreError> {
        // There is one shard.
        let Some(furthest) = through.iter().map(place).max() else { return Ok(()) };
        self.done(Op::Trim(furthest)).await
    }

    pub async fn fault(&self, stored: Vec<u8>) -> Result<(), StoreError> {
        self.done(Op::Fault(stored)).await
    }

    pub async fn put_revision(&self, id: &RevisionId, value: Vec<u8>) -> Result<(), StoreError> {
        self.done(Op::Revision { id: id.clone(), value }).await
    }

    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.value("SELECT value FROM live_revision WHERE id = ?1", id.as_str()).await
    }

    pub async fn put_small(&self, key: &str, value: Vec<u8>, ttl_s: u64) -> Result<(), StoreError> {
        self.done(Op::Small { key: key.to_owned(), value, ttl_s }).await
    }

    pub async fn small(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT value FROM live_small WHERE id = ?1 AND until_ms > ?2")
            .bind(key)
            .bind(self.clock.now().as_millisecond())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)
    }

    pub async fn drop_small(&self, key: &str) -> Result<(), StoreError> {
        self.done(Op::DropSmall(key.to_owned())).await
    }

    pub async fn count(&self, key: &str, window_s: u64) -> Result<u64, StoreError> {
        match self.change(Op::Count { key: key.to_owned(), window_s }).await? {
            Reply::Count(n) => Ok(n),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn sealed(&self, kind: Kind, after: &str, limit: usize) -> Result<Page, StoreError> {
        let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(ops::sealed(kind))
            .bind(after.parse::<i64>().unwrap_or(0))
            .bind(as_limit(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(unavailable)?;
        let next = (rows.len() == limit).then(|| rows.last().map(|(row, ..)| row.to_string())).flatten();
        Ok(Page { values: rows.into_iter().map(|(_, scope, value)| (scope, value)).collect(), next })
    }

    pub async fn replace(&self, kind: Kind, scope: &str, old: &[u8], new: Vec<u8>) -> Result<bool, StoreError> {
        match self.change(Op::Replace { kind, scope: scope.to_owned(), old: old.to_vec(), new }).await? {
            Reply::Count(n) => Ok(n > 0),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn depth(&self) -> Result<(u64, Option<i64>), StoreError> {
        let (n_items, oldest_ms): (i64, Option<i64>) =
            sqlx::query_as("SELECT COUNT(*), MIN(decided_ms) FROM live_outbox").fetch_one(&self.readers).await.map_err(unavailable)?;
        Ok((u64::try_from(n_items).unwrap_or(0), oldest_ms))
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        if self.jobs.is_closed() {
            return Err(StoreError::Unavailable("the file is closed".to_owned()));
        }
        sqlx::query("SELECT 1").execute(&self.readers).await.map(|_| ()).map_err(unavailable)
    }

    async fn value(&self, query: &'static str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar(query).bind(id).fetch_optional(&self.readers).await.map_err(unavailable)
    }
}

fn read_ready(row: &SqliteRow, band: Band, shard: (u16, u64)) -> Result<RawReady, sqlx::Error> {
    Ok(RawReady {
        id: OutboxId(row.try_get(0)?),
        shard,
        value: row.try_get(1)?,
        band,
        n_attempts: row.try_get(2)?,
        n_throttled: row.try_get(4)?,
        ambiguous: Standing::of_letter(row.try_get(3)?).is_some_and(Standing::perhaps_taken),
    })
}

fn read_line(row: &SqliteRow) -> Result<RawLine, StoreError> {
    let seq: i64 = row.try_get(0).map_err(unavailable)?;
    let conversation: Option<String> = row.try_get(1).map_err(unavailable)?;
    let value: Option<Vec<u8>> = row.try_get(2).map_err(unavailable)?;
    let line: Option<String> = row.try_get(3).map_err(unavailable)?;
    let body = match line {
        Some(line) => RawBody::Delivery(codec::read_delivery_line(&line)?),
        None => RawBody::Sealed(value.unwrap_or_default()),
    };
    let position = position(u64::try_from(seq).unwrap_or(0));
    Ok(RawLine { shard: SHARD, position, conversation: conversation.map(ConversationId), body })
}

fn as_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unexpected(reply: &Reply) -> StoreError {
    StoreError::Unavailable(format!("the writer answered with {reply:?}"))
}

/// Locks the file beside the store's, for as long as it is open. The lock goes with the process, however it ends.
fn lock_beside(path: &str) -> Result<File, StoreError> {
    let lock_path = format!("{path}.lock");
    let file =
        owned_file(Path::new(&lock_path)).map_err(|error| StoreError::Configuration(format!("`{lock_path}` cannot be opened: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Configuration(format!(
            "`{path}` is served by another intake process: stop that one first, or use Redis, which several may share"
        ))),
        Err(TryLockError::Error(error)) => Err(StoreError::Configuration(format!("`{lock_path}` cannot be locked: {error}"))),
    }
}

/// Opens a file, made readable and writable by its owner only where it is new.
fn owned_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
