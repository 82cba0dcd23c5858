//! The one integration-test binary.

mod answers;
mod answers_suite;
