//! The one integration-test binary.

mod channel;
mod check_rules;
mod config;
mod engine;
mod flow_docs;
mod flow_language;
mod records;
mod render_messages;
mod transcript_play;
