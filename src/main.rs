//! The `intake` program: see [`intake::cli`].

fn main() -> std::process::ExitCode {
    intake::cli::main()
}
