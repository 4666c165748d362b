//! The table of permissions, in `docs/access.md`, from the policies. A test of the policies fails while the two differ.

use std::path::PathBuf;

/// What is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Shown {
    /// Print the table of these policies instead of writing that of the repository's.
    #[arg(long)]
    policies: Option<PathBuf>,
    /// A role to show beside or instead of the shipped ones; may be repeated. Only with --policies.
    #[arg(long = "role", requires = "policies")]
    roles: Vec<String>,
}

/// Writes or prints the table.
///
/// # Errors
/// When the policies are not valid or the document cannot be written.
#[cfg(feature = "access")]
pub(crate) fn show(workspace: &crate::workspace::Workspace, shown: &Shown) -> anyhow::Result<()> {
    use alims_policy::{CedarPolicy, SHIPPED_ROLES, overview};
    use anyhow::Context as _;
    if let Some(folder) = &shown.policies {
        let own: Vec<&str> = shown.roles.iter().map(String::as_str).collect();
        let roles = if own.is_empty() { SHIPPED_ROLES.to_vec() } else { own };
        crate::step::say(overview(&CedarPolicy::load(folder)?, &roles)?.trim_end());
        return Ok(());
    }
    let policy = CedarPolicy::load(&workspace.root.join("policies"))?;
    let path = workspace.root.join("docs").join("access.md");
    let document = std::fs::read_to_string(&path)?;
    let (told, _) = document.split_once("\n## ").context("docs/access.md has no headings")?;
    std::fs::write(&path, format!("{told}\n{}", overview(&policy, &SHIPPED_ROLES)?))?;
    crate::step::say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Starts this program again, built with the policies' engine; where it was called, so that paths mean the same.
///
/// # Errors
/// When that does not build, or cannot be started.
#[cfg(not(feature = "access"))]
pub(crate) fn show(_: &crate::workspace::Workspace, _shown: &Shown) -> anyhow::Result<()> {
    let run = ["run", "--quiet", "--package", "alims-xtask", "--features", "access", "--"];
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    crate::step::Step::cargo("access", &run).with(&arguments).take_over()
}

/// Has this program write the document, built with the policies' engine.
///
/// # Errors
/// When that does not build, or fails.
pub(crate) fn write_document(workspace: &crate::workspace::Workspace) -> anyhow::Result<()> {
    let run = ["run", "--quiet", "--package", "alims-xtask", "--features", "access", "--", "access"];
    crate::step::Step::cargo("access", &run).run(workspace)
}
