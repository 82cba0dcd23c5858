//! The one integration-test binary.

mod channel;
