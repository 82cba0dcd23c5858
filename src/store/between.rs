//! What a simulation puts between a store's front and its memory: faults, and eyes.
//!
//! ```text
//! Store ──▶ meet (waits, refuses) ──▶ the operation on State ──▶ part (waits) ──▶ Store: the answer, or none
//! ```
//! Every operation of the memory store goes through here where a simulation set it so; otherwise none of this runs. The operations are
//! methods with the state's own as default: one that watches calls the state and notes the answer, one that breaks does something else.

use std::{future::Future, pin::Pin};

use super::{
    contract::{Begin, Cursor, Held, Receipted},
    lane::Band,
    memory::State,
    raw::{RawBegin, RawCommit, RawCommitted, RawLine, RawReady, RawSettle},
};
use crate::{
    base::id::{ConversationId, OutboxId},
    channel::Delivery,
};

/// Something that may wait.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An operation, as it comes in.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// A conversation is read.
    Load(&'a ConversationId),
    /// A turn is kept.
    Commit(&'a RawCommit),
    /// An attempt is noted.
    Begin(&'a RawBegin),
    /// What came of an attempt is kept.
    Settle(&'a RawSettle),
    /// A provider's word is kept.
    Receipt(&'a OutboxId),
    /// Any other, by its name.
    Other(&'static str),
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is applied, and the caller learns so.
    Well,
    /// It is not applied, and the caller learns that the store is not available.
    Refused,
    /// It is applied, but the caller learns that the store is not available: a time-out after the fact.
    AnswerLost,
}

/// A fault layer.
pub trait Between: Send + Sync {
    /// Before an operation: waits as long as it likes, and decides.
    fn meet<'a>(&'a self, call: Call<'a>) -> Waiting<'a, Fate>;

    /// After it was applied, before the caller learns of it.
    fn part(&self) -> Waiting<'_, ()>;

    /// [`State::load`]
    fn load(&self, state: &mut State, id: &ConversationId) -> Option<Vec<u8>> {
        state.load(id)
    }

    /// [`State::commit`]
    fn commit(&self, state: &mut State, commit: RawCommit, clock_ms: i64) -> RawCommitted {
        state.commit(commit, clock_ms)
    }

    /// [`State::outbox`]
    fn outbox(&self, state: &mut State, held: &Held, bands: &[Band], now_ms: i64, each: usize) -> Vec<RawReady> {
        state.outbox(held, bands, now_ms, each)
    }

    /// [`State::begin`]
    fn begin(&self, state: &mut State, begin: &RawBegin, clock_ms: i64) -> Begin {
        state.begin(begin, clock_ms)
    }

    /// [`State::settle`]
    fn settle(&self, state: &mut State, settle: &RawSettle, clock_ms: i64) {
        state.settle(settle, clock_ms);
    }

    /// [`State::receipt`]
    fn receipt(
        &self,
        state: &mut State,
        id: &OutboxId,
        conversation: &ConversationId,
        delivery: Delivery,
        at_ms: i64,
        clock_ms: i64,
    ) -> Receipted {
        state.receipt(id, conversation, delivery, at_ms, clock_ms)
    }

    /// [`State::journal`]
    fn journal(&self, state: &mut State, held: &Held, after: &[Cursor], limit: usize) -> Vec<RawLine> {
        state.journal(held, after, limit)
    }
}

/// Nothing in between.
#[derive(Debug)]
pub(super) struct Nothing;

impl Between for Nothing {
    fn meet<'a>(&'a self, _: Call<'a>) -> Waiting<'a, Fate> {
        Box::pin(std::future::ready(Fate::Well))
    }

    fn part(&self) -> Waiting<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
