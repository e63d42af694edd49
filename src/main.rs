//! The executable: arguments to `cli::run`, its exit code to the shell.

use std::process::ExitCode;

// Two render threads wait for each other in glibc's allocator; mimalloc keeps them apart (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tdkt_reports::cli::run()
}
