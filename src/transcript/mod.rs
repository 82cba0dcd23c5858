//! A conversation as text: examples beside the flows that anyone can read, and that are run as tests. Pure.
//!
//! ```text
//! .chat file ── parse ──▶ Transcript ── play ──▶ what differs, and which steps were visited ──▶ coverage
//!                                        │
//!                             Simulation (engine, render, a clock that is set)
//! ```
//! Knows no files, no store and no provider; every turn passes the conversation through its stored form.

pub mod parse;
mod pattern;
pub mod script;

pub use parse::parse;
pub use script::{Transcript, Unreadable};
