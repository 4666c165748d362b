//! `openapi.yaml` from the types of the edge. A test of the edge fails while the two differ.

use crate::workspace::Workspace;

/// Writes the document.
///
/// # Errors
/// When it cannot be rendered or written.
#[cfg(feature = "openapi")]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let path = workspace.root.join("openapi.yaml");
    std::fs::write(&path, alims_api::openapi::yaml()?)?;
    crate::step::say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Starts this program again, built with what the document needs.
///
/// # Errors
/// When that does not build, or fails.
#[cfg(not(feature = "openapi"))]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let run = ["run", "--package", "alims-xtask", "--features", "openapi", "--", "openapi"];
    crate::step::Step::cargo("openapi", &run).run(workspace)
}
