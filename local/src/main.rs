//! `cargo local`: the service on a laptop, a token for it, and the demo.

use std::process::ExitCode;

fn main() -> ExitCode {
    alims_local::cli::run()
}
