//! The one integration-test binary.

mod channel;
mod flow_language;
mod records;
mod render_messages;
mod store;
mod support;
