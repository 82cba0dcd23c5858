//! The loops: turns, sending, waking, recording. IO.
//!
//! ```text
//! web ─▶ Service::turn ─▶ store ◀─ sender (outbox ─▶ HTTP), scheduler (wakes ─▶ turns), recorder (journal ─▶ records)
//! ```
//! Everything that must survive the process is in the store before anybody is told that it happened. What is in memory here (lanes,
//! hints, leases held, flows compiled) can be lost at any moment.

mod backoff;
mod decide;
pub mod erase;
pub mod heads;
pub mod hints;
pub mod http;
pub mod keys;
mod lanes;
mod leases;
pub mod loops;
pub mod phones;
pub mod reconciler;
mod recorder;
pub mod retention;
mod scheduler;
mod sender;
pub mod service;
pub mod shelf;
pub mod start;
pub mod stop;
pub mod traces;
mod turn;

pub use decide::Engine;
pub use hints::Hints;
pub use loops::Loops;
pub use service::{Parts, Service, Target, TurnError, Turned};
pub use shelf::Shelf;
pub use stop::Stop;
pub use traces::Traces;
