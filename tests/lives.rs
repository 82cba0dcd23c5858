//! The simulation by itself, for `tests/simulate`: optimised, it compiles in a fraction of the time of the binary with all tests.

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod simulation;

mod support {
    pub mod meta;
    pub mod replay;
    pub mod twilio;
}
