//! Words. Pure: what the engine wants said becomes the very texts that are kept and sent.

pub mod outgoing;

pub use outgoing::{Outgoing, Shape};
