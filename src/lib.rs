//! Intake: a conversational intake engine for public health.
//!
//! One message takes this way: `web` receives bytes, a `channel` turns them into events, `runtime::turn` loads the conversation from the
//! `store`, `engine::step` decides (pure), `render` puts it into words, the store commits everything at once, and only then the provider
//! is answered. `docs/architecture.md` tells the whole of it; the order of the modules below is the order of who may import whom.

pub mod base;

pub mod answer;
pub mod security;

pub mod flow;

pub mod engine;

pub mod render;

pub mod channel;

pub mod check;
pub mod desk;
pub mod transcript;

pub mod config;

pub mod records;
pub mod store;
pub mod telemetry;

pub mod runtime;

pub mod web;

pub mod cli;
