//! The SQL record: what tracers, exports and audits read. IO.
//!
//! ```text
//! journal ──recorder──▶ apply ──one transaction──▶ archive (every line, sealed) + tables (conversations, messages, answers …) + feed
//! desk, API, exports ◀── queries
//! ```
//! A projection: it applies facts and never steps, so the tables can be dropped and made again from the archive ([`Records::rebuild`]).
//! Not projected, but written by the desk itself: users, the audit trail, tasks marked done, and the feed. Texts, names, numbers and
//! answers are sealed; look-ups go by ids and keyed hashes. Knows no flow's content, no HTTP, and not the live state: who holds a
//! conversation *now* is the store's to say.

mod apply;
mod audit;
mod erased;
mod escalations;
mod export;
mod feed;
mod migrate;
mod page;
mod queue;
mod rebuild;
mod reseal;
mod symptom;
pub mod unclear;
mod users;
mod vault;

use std::{
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

pub use apply::Applied;
pub use audit::{AuditRow, AuditState, Auditing};
pub use escalations::{EscalationRow, Which};
pub use export::value_text;
pub use feed::FeedRow;
pub use page::{
    AnswerRow, ConsentRow, ContactRow, ConversationPage, EscalationPart, HistoryRow, MessageRow, PersonRow, SessionRow, Standing,
    SymptomRow, TaskRow,
};
pub use queue::{QueueKind, QueueRow};
pub use users::{NewUser, User};

use crate::{base::clock::Clock, engine::session::Item, flow::model::Urgency, security::seal::Sealer};
use vault::Vault;

/// Waiting for the live store's writer, which shares the file.
const BUSY: Duration = Duration::from_secs(10);
/// Connections to a file: one writes at a time, the others read beside it.
const CONNECTIONS: u32 = 4;

/// Each record in memory has a name of its own in this process.
static N_IN_MEMORY: AtomicU64 = AtomicU64::new(0);

/// The record. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Records {
    pool: SqlitePool,
    /// What keeps a record in memory alive.
    _anchor: Option<Arc<Mutex<SqliteConnection>>>,
    vault: Arc<Vault>,
    clock: Clock,
}

/// Why the record could not do it.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// It does not answer, or not in time: try again.
    #[error("the record is not available: {0}")]
    Unavailable(String),
    /// A value cannot be opened or read: sealed with another key, or changed.
    #[error("a value in `{0}` of the record cannot be opened: it was sealed with another key, or was changed")]
    Corrupt(&'static str),
    /// There is one already.
    #[error("{0} exists already")]
    Exists(String),
    /// The address of the record cannot be used.
    #[error("{0}")]
    Configuration(String),
}

impl From<sqlx::Error> for RecordsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Records {
    /// Opens the record at `sqlite:PATH` (made where it is missing, brought to today's tables) or `memory:` (gone with the last clone).
    ///
    /// # Errors
    /// [`RecordsError::Configuration`] for another kind of address or a file made by a newer version; `Unavailable` where the file
    /// cannot be opened.
    pub async fn open(url: &str, sealer: Sealer, clock: Clock) -> Result<Self, RecordsError> {
        let cannot_open = |error| RecordsError::Unavailable(format!("the file of the record cannot be opened: {error}"));
        let mut anchor = None;
        let pool = match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() && path != ":memory:" => {
                owned_file(path)
                    .map_err(|error| RecordsError::Configuration(format!("the file `{path}` cannot be opened: {}", error.kind())))?;
                let options = options(&format!("sqlite:{path}"))?.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
                SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await
            }
            Some(("memory", "")) => {
                // A database in memory lives as long as a connection to it. Those of the pool go at any time, as when somebody hangs up
                // while one is being looked at; this one stays. Two at once would lock each other out.
                let nth = N_IN_MEMORY.fetch_add(1, Ordering::Relaxed);
                let options = options("sqlite:")?.filename(format!("/record-{nth}")).vfs("memdb");
                anchor = Some(Arc::new(Mutex::new(options.connect().await.map_err(cannot_open)?)));
                SqlitePoolOptions::new().max_connections(1).connect_with(options).await
            }
            _ => return Err(not_understood()),
        }
        .map_err(cannot_open)?;
        migrate::run(&pool).await?;
        Ok(Self { pool, _anchor: anchor, vault: Arc::new(Vault::new(sealer, clock.clone())), clock })
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// `Unavailable` where it does not.
    pub async fn ping(&self) -> Result<(), RecordsError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Begins a transaction that writes from its first statement, so that it waits for the file's writer at once or not at all.
    async fn write(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, RecordsError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, RecordsError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|_| not_understood())?;
    // What is deleted is overwritten: an erasure leaves nothing in free pages.
    Ok(options.busy_timeout(BUSY).synchronous(SqliteSynchronous::Full).foreign_keys(false).pragma("secure_delete", "on"))
}

/// Makes the file where it is missing, readable by its owner only; SQLite gives the files beside it the same rights.
fn owned_file(path: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

fn not_understood() -> RecordsError {
    RecordsError::Configuration("the address of the record is not understood; write `sqlite:intake.db`".to_owned())
}

/// Milliseconds since 1970, the stored form of a time.
fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A count as SQLite keeps it; counts that pass its bound do not occur.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

const fn urgency_rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Routine => 0,
        Urgency::Urgent => 1,
        Urgency::Emergency => 2,
    }
}

const fn urgency_of(rank: i64) -> Urgency {
    match rank {
        ..=0 => Urgency::Routine,
        1 => Urgency::Urgent,
        2.. => Urgency::Emergency,
    }
}

/// For whom or which item an answer holds, as text: `p1/2` is the third item of person 1's list; empty outside groups.
fn items_text(items: &[Item]) -> String {
    let part = |item: &Item| match item {
        Item::Person(number) => format!("p{}", number.0),
        Item::Nth(nth) => nth.to_string(),
    };
    items.iter().map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_in_memory_outlives_its_connections_and_is_no_others() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH, 1);
        let sealer = Sealer::parse(&Sealer::generate(&clock)).unwrap();
        let open = || Records::open("memory:", sealer.clone(), clock.clone());
        let (records, another) = (open().await.unwrap(), open().await.unwrap());
        let user = NewUser { login: "ana".into(), first_name: "Ana".into(), role: "tracer".into(), password_hash: "x".into() };
        records.add_user(&user).await.unwrap();
        // As where a request ends while its connection is being looked at.
        records.pool.acquire().await.unwrap().close().await.unwrap();
        assert_eq!(records.users().await.unwrap().len(), 1);
        assert!(another.users().await.unwrap().is_empty());
    }
}
