//! The one integration-test binary.

mod render_messages;
