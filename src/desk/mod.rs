//! Humans: who is served first, what runs out when, what is still to be asked, and what staff must be told. Pure.
//!
//! What a tracer does is an event like any other and is decided by the engine; this room only says how things stand. Knows no
//! store, no HTML and no clock.

pub mod clocks;
pub mod missing;
pub mod notices;
pub mod triage;
pub mod window;

pub use missing::Missing;
pub use notices::Notice;
pub use window::Window;
