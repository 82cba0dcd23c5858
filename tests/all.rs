//! The one integration-test binary.

mod channel;
mod check_rules;
mod flow_language;
mod records;
mod render_messages;
