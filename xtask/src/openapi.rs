//! Writes `openapi.yaml` from the types of the edge, and `docs/predicate-logic-engine.yaml` from those of the remote
//! rules engine. A test of each fails while the two differ.

use crate::workspace::Workspace;

/// Writes the documents.
///
/// # Errors
/// When one cannot be rendered or written.
#[cfg(feature = "openapi")]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    write_one(workspace, "openapi.yaml", &alims_interface::yaml()?)?;
    write_one(workspace, "docs/predicate-logic-engine.yaml", &alims_rules::openapi::yaml()?)
}

#[cfg(feature = "openapi")]
fn write_one(workspace: &Workspace, path: &str, document: &str) -> anyhow::Result<()> {
    let path = workspace.root.join(path);
    std::fs::write(&path, document)?;
    crate::step::say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Starts this program again, built with the features that the documents need.
///
/// # Errors
/// When that does not build, or fails.
#[cfg(not(feature = "openapi"))]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let run = ["run", "--package", "alims-xtask", "--features", "openapi", "--", "openapi"];
    crate::step::Step::cargo("openapi", &run).run(workspace)
}
