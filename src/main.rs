//! The `dockgen` program: parse, run, exit code; nothing else.

use std::process::ExitCode;

/// Static programs come without glibc's allocator, and musl's has the threads of a migration wait for one another.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dockgen::cli::main()
}
