//! The flow language: a conversation as a content designer writes it, made into something the engine can run. Pure.
//!
//! ```text
//! files ──source──▶ syntax (YAML events with spans) ──lower──▶ model ──▶ library (revisions by content hash)
//!                         └────────────── findings, all in one pass ──────────────▶ report (carets, JSON)
//! ```
//! Knows no conversation, no store, no channel; takes texts of files, never paths to open.

pub mod builtin;
pub mod codes;
mod compile;
pub mod condition;
pub mod diagnostic;
pub mod keys;
pub mod library;
mod lower;
pub mod model;
mod partial;
pub mod report;
pub mod source;
pub mod syntax;
pub mod text;
mod translation;

pub use diagnostic::{Finding, Level, Place};
pub use library::{Library, Revision};
pub use model::{Flow, Step};
pub use source::{Bundle, Span};
