//! The one integration-test binary.

mod flow_docs;
mod flow_language;
