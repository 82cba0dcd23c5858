//! The one integration-test binary.

mod answers;
