//! Writes `schemas/` from the types of the events. A test of the domain fails while the two differ.

#[cfg(feature = "schemas")]
use alims_domain::schema::Others;

use crate::workspace::Workspace;

/// Writes a document for each detail type.
///
/// # Errors
/// When one cannot be rendered or written.
#[cfg(feature = "schemas")]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.root.join("schemas");
    std::fs::create_dir_all(&folder)?;
    for (detail_type, document) in alims_domain::schema::of_details(Others::Allowed)? {
        std::fs::write(folder.join(format!("{detail_type}.json")), document)?;
    }
    crate::step::say(&format!("wrote {}", folder.display()));
    Ok(())
}

/// Starts this program again, built with the features that the documents need.
///
/// # Errors
/// When that does not build, or fails.
#[cfg(not(feature = "schemas"))]
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    let run = ["run", "--package", "alims-xtask", "--features", "schemas", "--", "schemas"];
    crate::step::Step::cargo("schemas", &run).run(workspace)
}
