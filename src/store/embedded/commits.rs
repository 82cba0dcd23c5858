//! Turns of different conversations, kept with few words to the file's thread: handing it a statement and waiting costs more than most
//! statements do.
//!
//! ```text
//! turns ─▶ what is there of all of them: one question ─▶ done before, moved, stale │ to write ─▶ scripts of 16, 8, 4, 2, 1 turns of one shape
//! ```
//! A script is prepared once for each of its sizes and shapes, so there are few of them.

use sqlx::SqliteConnection;

use super::{
    ops::{Outcome, append, header_bytes, lift, note, remove},
    script::Script,
};
use crate::{
    base::id::OutboxId,
    store::{
        codec::Header,
        contract::SentState,
        raw::{RawCommit, RawCommitted},
    },
};

/// Turns in one script at most.
const TOGETHER: usize = 16;

/// Keeps turns, no two of one conversation; what became of each, in their order.
pub async fn keep(turns: &[&RawCommit], db: &mut SqliteConnection, clock_ms: i64) -> Outcome<Vec<RawCommitted>> {
    let mut committed = Vec::with_capacity(turns.len());
    let mut to_write = Vec::with_capacity(turns.len());
    for (turn, (stored, is_alias)) in turns.iter().zip(known(turns, db).await?) {
        let current = stored.as_deref().and_then(Header::read).map(|header| header.etag);
        committed.push(if current == Some(turn.etag) {
            RawCommitted::Done
        } else if turn.by_address && is_alias {
            RawCommitted::Moved
        } else if current != turn.expected {
            let query = sqlx::query_scalar("SELECT value FROM live_conversation WHERE id = ?1").bind(turn.id.as_str());
            RawCommitted::Stale(query.fetch_optional(&mut *db).await?)
        } else {
            to_write.push(*turn);
            RawCommitted::Done
        });
    }
    write(to_write, db, clock_ms).await?;
    Ok(committed)
}

/// Of each turn's conversation the stored header, and whether its id is an alias.
async fn known(turns: &[&RawCommit], db: &mut SqliteConnection) -> Outcome<Vec<(Option<Vec<u8>>, bool)>> {
    let ids: Vec<&str> = turns.iter().map(|turn| turn.id.as_str()).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query_as(
        "SELECT (SELECT substr(c.value, 1, ?2) FROM live_conversation c WHERE c.id = asked.value), \
         EXISTS (SELECT 1 FROM live_alias a WHERE a.id = asked.value) FROM json_each(?1) asked ORDER BY asked.key",
    )
    .bind(ids)
    .bind(header_bytes())
    .fetch_all(db)
    .await
}

async fn write(mut turns: Vec<&RawCommit>, db: &mut SqliteConnection, clock_ms: i64) -> Outcome<()> {
    turns.sort_by_key(|turn| (turn.cancel_waiting, turn.items.len()));
    for alike in turns.chunk_by(|a, b| !a.cancel_waiting && !b.cancel_waiting && a.items.len() == b.items.len()) {
        let mut rest = alike;
        while !rest.is_empty() {
            let (together, others) = rest.split_at(largest_power_of_two(rest.len()));
            let mut script = Script::default();
            for turn in together {
                let waiting = if turn.cancel_waiting { stoppable(turn, db).await? } else { Vec::new() };
                one(turn, waiting, &mut script, clock_ms);
            }
            script.run(db).await?;
            rest = others;
        }
    }
    Ok(())
}

fn largest_power_of_two(n: usize) -> usize {
    n.min(TOGETHER).checked_ilog2().map_or(0, |power| 1 << power)
}

/// What STOP takes back: all that waits and is not in the air.
async fn stoppable(turn: &RawCommit, db: &mut SqliteConnection) -> Outcome<Vec<OutboxId>> {
    let waiting: Vec<String> =
        sqlx::query_scalar("SELECT id FROM live_outbox WHERE conversation = ?1 AND stoppable AND standing <> 'u' ORDER BY seq")
            .bind(turn.id.as_str())
            .fetch_all(db)
            .await?;
    Ok(waiting.into_iter().map(OutboxId).collect())
}

fn one(turn: &RawCommit, cancelled: Vec<OutboxId>, script: &mut Script, clock_ms: i64) {
    script
        .then(
            "INSERT INTO live_conversation (id, value, wake_ms) VALUES (?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET value = excluded.value, wake_ms = excluded.wake_ms",
        )
        .bind(turn.id.as_str())
        .bind(turn.value.as_slice())
        .bind(turn.wake_ms);
    if turn.cancel_waiting {
        script.then("UPDATE live_outbox SET stopped = 1 WHERE conversation = ? AND stoppable AND standing = 'u'").bind(turn.id.as_str());
    }
    for id in cancelled {
        remove(&id, script);
        note(&turn.id, &id, SentState::Cancelled, "", turn.now_ms, script);
    }
    append(Some(&turn.id), Some(&turn.journal), None, script);
    for item in &turn.items {
        script
            .then(
                "INSERT INTO live_outbox (id, conversation, own_band, stoppable, decided_ms, not_before_ms, value) \
                 SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM live_sent WHERE id = ? AND until_ms > ?) \
                 ON CONFLICT (id) DO NOTHING",
            )
            .bind(item.id.as_str())
            .bind(turn.id.as_str())
            .bind(item.band.number())
            .bind(item.stoppable)
            .bind(item.decided_ms)
            .bind(item.decided_ms)
            .bind(item.value.as_slice())
            .bind(item.id.as_str())
            .bind(clock_ms);
    }
    if turn.cancel_waiting || !turn.items.is_empty() {
        lift(&turn.id, script);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_of_few_sizes() {
        for (n, sizes) in [(0, vec![]), (1, vec![1]), (3, vec![2, 1]), (16, vec![16]), (47, vec![16, 16, 8, 4, 2, 1])] {
            let (mut rest, mut got) = (n, Vec::new());
            while rest > 0 {
                got.push(largest_power_of_two(rest));
                rest -= got.last().copied().unwrap_or(rest);
            }
            assert_eq!(got, sizes, "{n}");
        }
        assert_eq!(largest_power_of_two(0), 0);
    }
}
