//! The `intake` program: see [`intake::cli`].

/// A turn makes many small things and lets them go at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    intake::cli::main()
}
