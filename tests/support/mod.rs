//! What several suites need.

pub mod meta;
pub mod redis;
pub mod twilio;
