//! What several suites need.

pub mod many;
pub mod redis;
pub mod twilio;
