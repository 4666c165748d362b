//! `alims-proof`: records runs and has TLC decide whether they are behaviours of the specification.

use alims_proof::check::{Check, check};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "alims-proof", about)]
struct Arguments {
    /// The jar of TLC.
    #[arg(long)]
    jar: PathBuf,
    /// The folder of the specification.
    #[arg(long)]
    spec: PathBuf,
    /// Where to work and to leave what was refused.
    #[arg(long)]
    out: PathBuf,
    /// How many operations to record at least.
    #[arg(long)]
    operations: usize,
    /// The first run's seed; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { jar, spec, out, operations, seed } = Arguments::parse();
    match check(&Check { jar, spec, out, operations, seed }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            alims_proof::check::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
