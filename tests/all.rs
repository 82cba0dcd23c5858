//! The one integration-test binary.

mod config;
mod render_messages;
mod flow_language;
mod channel;
mod flow_language;
mod records;
mod render_messages;
