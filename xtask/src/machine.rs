//! Writes the state machine's definition from the machine that a laptop runs. A test of the machine fails while the two
//! differ.

use crate::workspace::Workspace;

/// Writes the definition.
///
/// # Errors
/// When it cannot be rendered or written.
#[cfg(feature = "machine")]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let path = workspace.root.join(crate::template::DEFINITION);
    std::fs::write(&path, alims_recovery::RECOVER_WORKFLOW.definition()?)?;
    crate::step::say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Starts this program again, built with the machine.
///
/// # Errors
/// When that does not build, or fails.
#[cfg(not(feature = "machine"))]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let run = ["run", "--package", "alims-xtask", "--features", "machine", "--", "machine"];
    crate::step::Step::cargo("machine", &run).run(workspace)
}
