//! A conversation as text: examples beside the flows that anyone can read, and that are run as tests. Pure.
//!
//! ```text
//! .chat file ── parse ──▶ Transcript ── play ──▶ what differs, and which steps were visited ──▶ coverage
//!                                        │
//!                             Simulation (engine, render, a clock that is set)
//! ```
//! Knows no files, no store and no provider; every turn passes the conversation through its stored form.

pub mod answers;
pub mod coverage;
pub mod parse;
mod pattern;
pub mod play;
pub mod script;
pub mod simulation;

pub use coverage::{Unvisited, Visited};
pub use parse::parse;
pub use play::{Failure, Played, play};
pub use script::{Transcript, Unreadable};
pub use simulation::{Sent, Setting, Simulation, Turn};
