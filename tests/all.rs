//! The one integration-test binary.

mod check_rules;
mod flow_language;
