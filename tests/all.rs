//! The one integration-test binary.

mod answers;
mod api;
mod channel;
mod check_rules;
mod config;
mod engine;
mod flow_conditions;
mod flow_docs;
mod flow_language;
mod house;
mod records;
mod render_messages;
mod running;
mod runtime;
mod store;
mod support;
mod transcript_play;
mod web;
