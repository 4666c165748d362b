//! Arguments that more than one command takes.

use clap::Args;
use std::path::PathBuf;

/// What judges moves.
#[derive(Clone, Debug, Args)]
pub(crate) struct JudgesArgs {
    /// Folder of the rules [default: rules in the repository; without it the built-in ones].
    #[arg(long, value_name = "DIR", env = "ALIMS_RULES_DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// Folder of the policies [default: policies in the repository; without it the built-in ones].
    #[arg(long, value_name = "DIR", env = "ALIMS_POLICIES_DIR")]
    pub(crate) policies: Option<PathBuf>,
}
