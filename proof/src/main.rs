//! `alims-proof`: has TLC decide whether recorded runs are behaviours of the specification.

use alims_proof::check::say;
use alims_proof::tlc::Tlc;
use alims_proof::{inside, outside};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "alims-proof", about)]
struct Arguments {
    #[command(subcommand)]
    runs: Runs,
}

#[derive(Subcommand)]
enum Runs {
    /// Records runs at the ports of the operations, and checks them.
    Inside {
        #[command(flatten)]
        tlc: Tlc,
        /// How many operations to record at least.
        #[arg(long)]
        operations: usize,
        /// The first run's seed; the others follow.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Checks what was recorded of the deployed service from outside.
    Outside {
        #[command(flatten)]
        tlc: Tlc,
        /// What was recorded, one line of JSON after another.
        #[arg(long)]
        recording: PathBuf,
    },
}

fn main() -> ExitCode {
    let checked = match Arguments::parse().runs {
        Runs::Inside { tlc, operations, seed } => inside::check(&tlc, operations, seed),
        Runs::Outside { tlc, recording } => outside::check(&tlc, &recording),
    };
    match checked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
