//! Arguments that more than one command takes.

use clap::Args;
use std::path::PathBuf;

/// What judges moves.
#[derive(Clone, Debug, Args)]
pub(crate) struct JudgesArgs {
    /// Folder of the rules [default: rules in the repository].
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// Folder of the policies [default: policies in the repository].
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
}
