//! Words. Pure: what the engine wants said becomes the very texts that are kept and sent.
//!
//! ```text
//! Revision (texts, translations) ─┐
//! shared phrases ─────────────────┼─▶ Catalog ── render(Say, medium, capabilities) ─▶ [Outgoing { text, shape }]
//! languages.toml (days, lists) ───┘
//! ```
//! Goes by capability, never by provider: knows no network, no store, and decides nothing about the conversation.

mod catalog;
mod helpers;
mod language;
mod message;
pub mod outgoing;
pub mod phrases;
mod question;
mod split;
mod template;

pub use catalog::{Catalog, Partials, RenderFault};
pub use outgoing::{Outgoing, Shape};
