//! What `cargo local` runs, once more: cargo tells a test where its own package's binaries are, and no other's.

use std::process::ExitCode;

fn main() -> ExitCode {
    alims_local::cli::run()
}
