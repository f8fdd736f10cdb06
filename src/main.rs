//! The `dockgen` program: parse, run, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    dockgen::cli::main()
}
