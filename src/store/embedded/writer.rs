//! The one writer: takes changes from a queue and keeps all that wait at once in one transaction, so that one wait for the disk serves
//! them all. Nobody hears of a change before its transaction is on the disk.

use std::collections::BTreeSet;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::{
    commits,
    ops::{self, Op, Reply},
};
use crate::{base::clock::Clock, store::contract::StoreError};

/// Changes kept in one transaction: more do not make it faster, and the first of them waits for the last.
const GROUP: usize = 64;
/// Changes that may wait; whoever brings more waits too.
pub const QUEUE: usize = 1_024;
/// How often what has run out is forgotten, in ms.
const SWEEP_EVERY_MS: i64 = 60_000;

/// What the writer is given.
pub enum Job {
    /// A change, and whom to tell.
    Change(Op, oneshot::Sender<Result<Reply, StoreError>>),
    /// Stop after what came before, close the file, and tell.
    Stop(oneshot::Sender<()>),
}

/// Runs until it is stopped or nobody can give it work any more.
pub async fn run(mut db: SqliteConnection, mut jobs: mpsc::Receiver<Job>, clock: Clock) {
    let mut batch = Vec::with_capacity(GROUP);
    let mut swept_ms = 0;
    let mut stop = None;
    while stop.is_none() && jobs.recv_many(&mut batch, GROUP).await > 0 {
        let mut changes = Vec::with_capacity(batch.len());
        for job in batch.drain(..) {
            match job {
                Job::Change(op, tell) => changes.push((op, tell)),
                Job::Stop(tell) => stop = Some(tell),
            }
        }
        let clock_ms = clock.now().as_millisecond();
        if clock_ms.saturating_sub(swept_ms) >= SWEEP_EVERY_MS {
            swept_ms = clock_ms;
            if let Err(error) = transact(&[&Op::Sweep], &mut db, clock_ms).await {
                tracing::warn!(%error, "what has run out could not be forgotten; will try again in a minute");
            }
        }
        keep(changes, &mut db, clock_ms).await;
    }
    jobs.close();
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "the store's file could not be closed cleanly; nothing is lost");
    }
    if let Some(tell) = stop {
        let _ = tell.send(());
    }
}

async fn keep(changes: Vec<(Op, oneshot::Sender<Result<Reply, StoreError>>)>, db: &mut SqliteConnection, clock_ms: i64) {
    let ops: Vec<&Op> = changes.iter().map(|(op, _)| op).collect();
    let replies = match transact(&ops, db, clock_ms).await {
        Ok(replies) => replies.into_iter().map(Ok).collect(),
        Err(_) if ops.len() > 1 => {
            // One of them failed all: each by itself, so that only its own caller hears of it.
            let mut replies = Vec::with_capacity(ops.len());
            for op in ops {
                let alone = transact(&[op], db, clock_ms).await.map_err(super::unavailable);
                replies.push(alone.map(|mut replies| replies.pop().unwrap_or(Reply::Done)));
            }
            replies
        }
        Err(error) => vec![Err(super::unavailable(error))],
    };
    for ((_, tell), reply) in changes.into_iter().zip(replies) {
        // Whoever asked may have gone; the change stands all the same.
        let _ = tell.send(reply);
    }
}

/// All that waits at once goes together, and whoever brought it has heard of nothing else yet: any order of it is right. So turns come first,
/// those of different conversations with each other; a second one of a conversation follows with all the rest.
async fn transact(ops: &[&Op], db: &mut SqliteConnection, clock_ms: i64) -> Result<Vec<Reply>, sqlx::Error> {
    if ops.is_empty() {
        return Ok(Vec::new());
    }
    let mut whose = BTreeSet::new();
    let (mut turns, mut places, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (place, op) in ops.iter().enumerate() {
        match op {
            Op::Commit(turn) if whose.insert(&turn.id) => {
                turns.push(&**turn);
                places.push(place);
            }
            other => others.push((place, *other)),
        }
    }
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    let mut replies: Vec<(usize, Reply)> = Vec::with_capacity(ops.len());
    if !turns.is_empty() {
        let committed = commits::keep(&turns, &mut transaction, clock_ms).await?;
        replies.extend(places.into_iter().zip(committed.into_iter().map(Reply::Committed)));
    }
    for (place, op) in others {
        replies.push((place, ops::run(op, &mut transaction, clock_ms).await?));
    }
    transaction.commit().await?;
    replies.sort_by_key(|(place, _)| *place);
    Ok(replies.into_iter().map(|(_, reply)| reply).collect())
}
