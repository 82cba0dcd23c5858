//! The loops: turns, sending, waking, recording. IO.

pub mod hints;
pub mod service;

pub use hints::Hints;
pub use service::{Service, Target, TurnError, Turned};
