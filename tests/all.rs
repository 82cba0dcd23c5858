//! The one integration-test binary.

mod check_rules;
mod flow_docs;
mod flow_language;
mod channel;
mod engine;
mod flow_language;
mod records;
mod render_messages;
