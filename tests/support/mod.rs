//! What several suites need.

pub mod redis;
