//! What several suites need.

pub mod redis;
pub mod twilio;
