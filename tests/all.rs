//! The one integration-test binary.

mod flow_language;
mod channel;
mod records;
mod render_messages;
