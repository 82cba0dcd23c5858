//! The one integration-test binary.

mod answers;
mod channel;
mod check_rules;
mod config;
mod desk;
mod engine;
mod flow_conditions;
mod flow_docs;
mod flow_language;
mod records;
mod render_messages;
mod store;
mod support;
mod transcript_play;
