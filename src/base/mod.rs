//! What every room stands on: ids, addresses, languages, times, limits.
//!
//! Knows nothing of flows, people's answers, stores or HTTP. Only [`clock`] asks for the time or for randomness.

pub mod address;
pub mod calendar;
pub mod capabilities;
pub mod clock;
pub mod id;
pub mod limit;
pub mod locale;
pub mod private;
pub mod segment;
pub mod stamp;

pub use address::{Address, Medium};
pub use id::EventId;
pub use locale::Language;
pub use private::Private;
