//! `alims-proof-outside`: has TLC decide whether what was seen of the deployed service is a behaviour of the
//! specification.

use alims_proof::outside::check::{Check, check};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "alims-proof-outside", about)]
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
    /// What was seen, one line of JSON after another.
    #[arg(long)]
    recording: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { jar, spec, out, recording } = Arguments::parse();
    match check(&Check { jar, spec, out, recording }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            alims_proof::check::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
