//! One step of a conversation. Pure.
//!
//! ```text
//! World (library, agency, desk hours) ─┐
//! Conversation ────────────────────────┼─▶ step ─▶ Step { conversation, effects, outcome, trace }
//! Event, now ──────────────────────────┘
//! ```
//! Knows no channel, HTML, Redis or SQL, asks for no time and no randomness. Only [`step`] changes a conversation.

pub mod conversation;
pub mod effect;
pub mod event;
pub mod session;
pub mod trace;

pub use conversation::{Conversation, Escalation, Holder, Person};
pub use effect::{Effect, Fact, Fence, Purpose, Say};
pub use event::{Content, Event, EventKind};
pub use session::{Answered, Session};
