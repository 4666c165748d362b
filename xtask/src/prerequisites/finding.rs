//! What is asked for, and what was found of it.

use clap::{Args, ValueEnum};

/// What is to be checked.
#[derive(Args)]
pub(crate) struct Asked {
    /// The template's parameter Architecture.
    #[arg(long, default_value = "arm64")]
    pub(super) architecture: Architecture,
    /// Ask AWS too: who you are, and how many functions the account may run at once.
    #[arg(long)]
    pub(super) account: bool,
    /// The profile of the AWS CLI [default: the AWS CLI's own choice].
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// The region to deploy to [default: the AWS CLI's own choice].
    #[arg(long)]
    pub(super) region: Option<String>,
}

/// A processor of Lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Architecture {
    Arm64,
    #[value(name = "x86_64")]
    X8664,
}

/// A thing that was looked for.
pub(super) struct Finding {
    pub(super) what: &'static str,
    /// What it is, or what is wrong with it.
    pub(super) verdict: Result<String, String>,
    /// How to get or repair it.
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn new(what: &'static str, verdict: Result<String, String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict, remedy: remedy.into() }
    }
}
