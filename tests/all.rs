//! The one integration-test binary.

mod records;
