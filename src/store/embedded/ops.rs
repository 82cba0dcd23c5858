//! Every change of the file, as SQL within a transaction that the writer began.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{commits, script::Script};
use crate::{
    base::id::{ConversationId, OutboxId, RevisionId},
    channel::Delivery,
    store::{
        codec::{self, HEADER_BYTES, Header, Kind},
        contract::{Begin, Receipted, SentState},
        erase::RawErase,
        lane::N_LANES,
        raw::{self, RawBegin, RawCommit, RawCommitted, RawSettle, Settled, Standing},
        single::after_s,
    },
};

/// One change. May be run again after a transaction that was rolled back.
#[derive(Clone, Debug)]
pub enum Op {
    Commit(Box<RawCommit>),
    Erase(RawErase),
    Begin {
        begin: RawBegin,
        leased: bool,
    },
    Settle {
        settle: RawSettle,
        leased: bool,
    },
    Receipt {
        id: OutboxId,
        conversation: ConversationId,
        delivery: Delivery,
        at_ms: i64,
    },
    SetAside {
        id: OutboxId,
        until_ms: i64,
    },
    Alias {
        id: ConversationId,
        target: ConversationId,
    },
    DropAlias {
        id: ConversationId,
        target: ConversationId,
    },
    Fault(Vec<u8>),
    Trim(u64),
    Revision {
        id: RevisionId,
        value: Vec<u8>,
    },
    Small {
        key: String,
        value: Vec<u8>,
        ttl_s: u64,
    },
    DropSmall(String),
    Count {
        key: String,
        window_s: u64,
    },
    /// Puts a value in the place of another, if that is still there; counts those put.
    Replace {
        kind: Kind,
        scope: String,
        old: Vec<u8>,
        new: Vec<u8>,
    },
    /// Forgets what has run out.
    Sweep,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Reply {
    Committed(RawCommitted),
    Erased(bool),
    Begin(Begin),
    Receipted(Receipted),
    Count(u64),
    Done,
}

pub(super) type Outcome<T> = Result<T, sqlx::Error>;

/// Runs one change.
pub async fn run(op: &Op, db: &mut SqliteConnection, clock_ms: i64) -> Outcome<Reply> {
    match op {
        Op::Commit(turn) => {
            let committed = commits::keep(&[turn], db, clock_ms).await?.pop();
            Ok(committed.map_or(Reply::Done, Reply::Committed))
        }
        Op::Erase(what) => erase(what, db).await.map(Reply::Erased),
        Op::Begin { begin: attempt, leased } => begin(attempt, *leased, db).await.map(Reply::Begin),
        Op::Settle { settle: what, leased } => settle(what, *leased, db, clock_ms).await.map(|()| Reply::Done),
        Op::Receipt { id, conversation, delivery, at_ms } => {
            receipt(id, conversation, *delivery, *at_ms, db, clock_ms).await.map(Reply::Receipted)
        }
        Op::SetAside { id, until_ms } => {
            execute(
                sqlx::query("UPDATE live_outbox SET not_before_ms = max(not_before_ms, ?2) WHERE id = ?1").bind(id.as_str()).bind(until_ms),
                db,
            )
            .await
        }
        Op::Alias { id, target } => {
            let query = sqlx::query("INSERT INTO live_alias (id, target) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING");
            execute(query.bind(id.as_str()).bind(target.as_str()), db).await
        }
        Op::DropAlias { id, target } => {
            let query = sqlx::query("DELETE FROM live_alias WHERE id = ?1 AND target = ?2");
            execute(query.bind(id.as_str()).bind(target.as_str()), db).await
        }
        Op::Fault(value) => {
            let mut script = Script::default();
            append(None, Some(value), None, &mut script);
            script.run(db).await.map(|()| Reply::Done)
        }
        Op::Trim(through) => execute(sqlx::query("DELETE FROM live_journal WHERE seq <= ?1").bind(signed(*through)), db).await,
        Op::Revision { id, value } => {
            let query = sqlx::query("INSERT INTO live_revision (id, value) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING");
            execute(query.bind(id.as_str()).bind(value.as_slice()), db).await
        }
        Op::Small { key, value, ttl_s } => {
            let query = sqlx::query("INSERT OR REPLACE INTO live_small (id, value, until_ms) VALUES (?1, ?2, ?3)");
            execute(query.bind(key).bind(value.as_slice()).bind(after_s(clock_ms, *ttl_s)), db).await
        }
        Op::DropSmall(key) => execute(sqlx::query("DELETE FROM live_small WHERE id = ?1").bind(key), db).await,
        Op::Count { key, window_s } => count(key, *window_s, db, clock_ms).await.map(Reply::Count),
        Op::Replace { kind, scope, old, new } => {
            let done = sqlx::query(replace(*kind)).bind(scope).bind(old.as_slice()).bind(new.as_slice()).execute(db).await?;
            Ok(Reply::Count(done.rows_affected()))
        }
        Op::Sweep => {
            let mut script = Script::default();
            script.then("DELETE FROM live_sent WHERE until_ms <= ?").bind(clock_ms);
            script.then("DELETE FROM live_small WHERE until_ms <= ?").bind(clock_ms);
            script.then("DELETE FROM live_count WHERE until_ms <= ?").bind(clock_ms);
            script.run(db).await?;
            Ok(Reply::Done)
        }
    }
}

/// Sealed values of a kind after a row, so many: row, scope, value.
pub const fn sealed(kind: Kind) -> &'static str {
    match kind {
        Kind::Conversation => "SELECT rowid, id, value FROM live_conversation WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
        Kind::OutboxItem => "SELECT seq, id, value FROM live_outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        Kind::Revision => "SELECT rowid, id, value FROM live_revision WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
        Kind::Small => "SELECT rowid, id, value FROM live_small WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
        Kind::JournalEntry => {
            "SELECT seq, CAST(seq AS TEXT), value FROM live_journal WHERE seq > ?1 AND value IS NOT NULL ORDER BY seq LIMIT ?2"
        }
    }
}

const fn replace(kind: Kind) -> &'static str {
    match kind {
        Kind::Conversation => "UPDATE live_conversation SET value = ?3 WHERE id = ?1 AND value = ?2",
        Kind::OutboxItem => "UPDATE live_outbox SET value = ?3 WHERE id = ?1 AND value = ?2",
        Kind::Revision => "UPDATE live_revision SET value = ?3 WHERE id = ?1 AND value = ?2",
        Kind::Small => "UPDATE live_small SET value = ?3 WHERE id = ?1 AND value = ?2",
        // Lines of the journal are never changed.
        Kind::JournalEntry => "UPDATE live_journal SET value = ?3 WHERE seq = ?1 AND value = ?2 AND 0",
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

async fn execute(query: Query<'_>, db: &mut SqliteConnection) -> Outcome<Reply> {
    query.execute(db).await.map(|_| Reply::Done)
}

/// So many first bytes of a conversation are what a commit compares.
pub(super) fn header_bytes() -> i64 {
    i64::try_from(HEADER_BYTES).unwrap_or(i64::MAX)
}

async fn header(id: &ConversationId, db: &mut SqliteConnection) -> Outcome<Option<Header>> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("SELECT substr(value, 1, ?2) FROM live_conversation WHERE id = ?1")
        .bind(id.as_str())
        .bind(header_bytes())
        .fetch_optional(db)
        .await?;
    Ok(stored.and_then(|stored| Header::read(&stored)))
}

async fn erase(what: &RawErase, db: &mut SqliteConnection) -> Outcome<bool> {
    let current = header(&what.id, db).await?.map(|header| header.etag);
    let etag = what.tombstone.as_deref().and_then(Header::read).map(|header| header.etag);
    if etag.is_some() && current == etag {
        return Ok(true);
    }
    if current != Some(what.expected) {
        return Ok(false);
    }
    let mut script = Script::default();
    script.then("DELETE FROM live_outbox WHERE conversation = ?").bind(what.id.as_str());
    match &what.tombstone {
        Some(value) => {
            script.then("UPDATE live_conversation SET value = ?, wake_ms = NULL WHERE id = ?").bind(value.as_slice()).bind(what.id.as_str())
        }
        None => script.then("DELETE FROM live_conversation WHERE id = ?").bind(what.id.as_str()),
    };
    if let Some(journal) = &what.journal {
        append(Some(&what.id), Some(journal), None, &mut script);
    }
    script.run(db).await?;
    Ok(true)
}

/// An item as the ledger knows it.
struct Ledger {
    n_attempts: u16,
    fence: u64,
    stopped: bool,
    is_head: bool,
    not_before_ms: i64,
    /// Of its conversation.
    epoch: Option<u64>,
}

async fn ledger(id: &OutboxId, conversation: &ConversationId, db: &mut SqliteConnection) -> Outcome<Option<Ledger>> {
    let row = sqlx::query(
        "SELECT n_attempts, fence, stopped, band IS NOT NULL, (SELECT substr(value, 1, ?3) FROM live_conversation WHERE id = ?2), \
         not_before_ms FROM live_outbox WHERE id = ?1",
    )
    .bind(id.as_str())
    .bind(conversation.as_str())
    .bind(header_bytes())
    .fetch_optional(db)
    .await?;
    let read = |row: SqliteRow| -> Outcome<Ledger> {
        Ok(Ledger {
            n_attempts: row.try_get(0)?,
            fence: u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0),
            stopped: row.try_get(2)?,
            is_head: row.try_get(3)?,
            not_before_ms: row.try_get(5)?,
            epoch: row.try_get::<Option<Vec<u8>>, _>(4)?.as_deref().and_then(Header::read).map(|header| header.epoch),
        })
    };
    row.map(read).transpose()
}

async fn begin(attempt: &RawBegin, leased: bool, db: &mut SqliteConnection) -> Outcome<Begin> {
    let Some(ledger) = ledger(&attempt.id, &attempt.conversation, db).await? else { return Ok(Begin::NotOurs) };
    // The number of attempts alone does not tell: it may have been read after an attempt had moved what was found due.
    if !leased || !ledger.is_head || ledger.n_attempts != attempt.n_attempts || ledger.not_before_ms > attempt.now_ms {
        return Ok(Begin::NotOurs);
    }
    let given_up = if ledger.stopped {
        Some(SentState::Cancelled)
    } else if attempt.epoch.is_some_and(|wanted| Some(wanted) != ledger.epoch) {
        Some(SentState::Superseded)
    } else {
        None
    };
    let mut script = Script::default();
    if let Some(state) = given_up {
        finish(&attempt.conversation, &attempt.id, &mut script);
        note(&attempt.conversation, &attempt.id, state, "", attempt.now_ms, &mut script);
        script.run(db).await?;
        return Ok(Begin::Superseded);
    }
    script
        .then("UPDATE live_outbox SET n_attempts = n_attempts + 1, fence = ?, standing = ?, not_before_ms = ? WHERE id = ?")
        .bind(signed(attempt.shard.1))
        .bind(Standing::UnderWay.letter())
        .bind(attempt.under_way_until_ms)
        .bind(attempt.id.as_str());
    script.run(db).await?;
    Ok(Begin::Go)
}

async fn settle(what: &RawSettle, leased: bool, db: &mut SqliteConnection, clock_ms: i64) -> Outcome<()> {
    let (conversation, id) = (&what.conversation, &what.id);
    let Some(ledger) = ledger(id, conversation, db).await? else { return Ok(()) };
    let begun = ledger.n_attempts == what.n_attempts.saturating_add(1) && ledger.fence == what.shard.1;
    let ours = begun || (leased && ledger.n_attempts == what.n_attempts);
    let mut script = Script::default();
    match &what.settled {
        Settled::Accepted => {
            finish(conversation, id, &mut script);
            sent_as(id, raw::rank(Delivery::Accepted), clock_ms, &mut script);
            note(conversation, id, SentState::Delivery(Delivery::Accepted), "", what.now_ms, &mut script);
        }
        Settled::Delivered => finish(conversation, id, &mut script),
        Settled::Again { .. } if ours && ledger.stopped => {
            finish(conversation, id, &mut script);
            note(conversation, id, SentState::Cancelled, "", what.now_ms, &mut script);
        }
        Settled::Again { at_ms, how } if ours => {
            script
                .then("UPDATE live_outbox SET standing = ?, not_before_ms = ?, n_throttled = n_throttled + ? WHERE id = ?")
                .bind(how.standing().letter())
                .bind(*at_ms)
                .bind(how.n_throttled())
                .bind(id.as_str());
        }
        Settled::Failed { reason, code } if ours => {
            finish(conversation, id, &mut script);
            sent_as(id, raw::RANK_FAILED, clock_ms, &mut script);
            note(conversation, id, SentState::Delivery(Delivery::Failed(*reason)), code, what.now_ms, &mut script);
        }
        Settled::Again { .. } | Settled::Failed { .. } => {}
    }
    script.run(db).await
}

async fn receipt(
    id: &OutboxId,
    conversation: &ConversationId,
    delivery: Delivery,
    at_ms: i64,
    db: &mut SqliteConnection,
    clock_ms: i64,
) -> Outcome<Receipted> {
    let (sent, n_attempts): (Option<u8>, Option<u16>) = sqlx::query_as(
        "SELECT (SELECT rank FROM live_sent WHERE id = ?1 AND until_ms > ?2), (SELECT n_attempts FROM live_outbox WHERE id = ?1)",
    )
    .bind(id.as_str())
    .bind(clock_ms)
    .fetch_one(&mut *db)
    .await?;
    let begun = n_attempts.is_some_and(|n| n > 0);
    let rank = raw::rank(delivery);
    let mut script = Script::default();
    if begun {
        finish(conversation, id, &mut script);
    }
    let receipted = if sent == Some(rank) {
        Receipted::Known
    } else if !sent.map_or(begun, |earlier| raw::advances(rank, earlier)) {
        Receipted::NoChange
    } else {
        sent_as(id, rank, clock_ms, &mut script);
        note(conversation, id, SentState::Delivery(delivery), "", at_ms, &mut script);
        Receipted::Forward
    };
    script.run(db).await?;
    Ok(receipted)
}

async fn count(key: &str, window_s: u64, db: &mut SqliteConnection, clock_ms: i64) -> Outcome<u64> {
    let n: i64 = sqlx::query_scalar(
        "INSERT INTO live_count (id, n, until_ms) VALUES (?1, 1, ?2) ON CONFLICT (id) DO UPDATE SET \
         n = CASE WHEN until_ms <= ?3 THEN 1 ELSE n + 1 END, until_ms = CASE WHEN until_ms <= ?3 THEN ?2 ELSE until_ms END \
         RETURNING n",
    )
    .bind(key)
    .bind(after_s(clock_ms, window_s))
    .bind(clock_ms)
    .fetch_one(db)
    .await?;
    Ok(u64::try_from(n).unwrap_or(0))
}

fn finish(conversation: &ConversationId, id: &OutboxId, script: &mut Script) {
    remove(id, script);
    lift(conversation, script);
}

pub(super) fn remove(id: &OutboxId, script: &mut Script) {
    script.then("DELETE FROM live_outbox WHERE id = ?").bind(id.as_str());
}

/// Marks the oldest item of a conversation as the one that may be begun, and its class by all that wait behind it.
pub(super) fn lift(conversation: &ConversationId, script: &mut Script) {
    script
        .then(
            "UPDATE live_outbox SET band = (SELECT MIN(own_band / ?) FROM live_outbox WHERE conversation = ?) * ? + own_band % ? \
             WHERE seq = (SELECT MIN(seq) FROM live_outbox WHERE conversation = ?)",
        )
        .bind(N_LANES)
        .bind(conversation.as_str())
        .bind(N_LANES)
        .bind(N_LANES)
        .bind(conversation.as_str());
}

fn sent_as(id: &OutboxId, rank: u8, clock_ms: i64, script: &mut Script) {
    script
        .then("INSERT OR REPLACE INTO live_sent (id, rank, until_ms) VALUES (?, ?, ?)")
        .bind(id.as_str())
        .bind(rank)
        .bind(after_s(clock_ms, raw::SENT_LEDGER_S));
}

pub(super) fn note(conversation: &ConversationId, id: &OutboxId, state: SentState, code: &str, at_ms: i64, script: &mut Script) {
    append(Some(conversation), None, Some(codec::delivery_line(id, state, code, at_ms)), script);
}

pub(super) fn append(conversation: Option<&ConversationId>, value: Option<&[u8]>, line: Option<String>, script: &mut Script) {
    script
        .then("INSERT INTO live_journal (conversation, value, line) VALUES (?, ?, ?)")
        .bind(conversation.map(ConversationId::as_str))
        .bind(value)
        .bind(line);
}

/// SQLite's integers are signed; fences and places stay below 2⁶³.
pub fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
