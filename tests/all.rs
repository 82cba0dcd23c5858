//! The one integration-test binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that stumbles has failed, helpers too; figures are printed"
)]

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod answers;
mod answers_suite;
mod api;
mod channel;
mod chaos;
mod check_rules;
mod cli_commands;
mod config;
mod designed_flows;
mod desk;
mod engine;
mod erasure;
mod failover;
mod flow_conditions;
mod flow_control;
mod flow_docs;
mod flow_language;
mod flow_slips;
mod fuzz;
mod house;
mod operator_commands;
mod privacy;
mod process;
mod records;
mod render_messages;
mod running;
mod runtime;
mod security;
mod security_base;
mod security_figures;
mod security_keys;
mod simulation;
mod store;
mod support;
mod transcript_play;
mod web;
