//! The command-line arguments of the rules command.

use clap::Subcommand;
use std::path::PathBuf;

/// What can be asked about rules.
#[derive(Debug, Subcommand)]
pub(crate) enum Asked {
    /// Check a folder: tells the first mistake of every file, with its place and cause.
    Check {
        /// The folder of the rules.
        #[arg(long, default_value = "rules")]
        rules: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explain a verdict: each rule with what it looked at and what came of it.
    Explain(Box<Explain>),
}

/// Which move or amendment of which workflow, by whom and when.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The folder of the rules.
    #[arg(long, default_value = "rules")]
    pub(super) rules: PathBuf,
    /// A file with the workflow: its state as the API shows it, an item of its history, or, without --move
    /// and --amendment, a creation.
    #[arg(long, required_unless_present = "server")]
    pub(super) workflow: Option<PathBuf>,
    /// A running service to read the workflow from instead, such as http://127.0.0.1:3000.
    #[arg(long, requires = "token", requires = "workflow_id", conflicts_with = "workflow")]
    pub(super) server: Option<String>,
    /// The token to read it with: that of somebody who may read.
    #[arg(long)]
    pub(super) token: Option<String>,
    /// Which workflow of the service.
    #[arg(long)]
    pub(super) workflow_id: Option<String>,
    /// A file with the move: the body of a transition. Without it and --amendment the workflow is a creation.
    #[arg(long = "move", conflicts_with = "amendment")]
    pub(super) request: Option<PathBuf>,
    /// A file with the amendment: the body of a PATCH.
    #[arg(long)]
    pub(super) amendment: Option<PathBuf>,
    /// Who asks.
    #[arg(long)]
    pub(super) actor: String,
    /// The roles of who asks; may be repeated.
    #[arg(long = "role")]
    pub(super) roles: Vec<String>,
    /// The instant of the decision (RFC 3339); the present by default.
    #[arg(long)]
    pub(super) now: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}
