//! The one integration-test binary.

mod config;
mod render_messages;
mod records;
