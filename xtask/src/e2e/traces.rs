//! Checks the observations of the scenarios against the specification: `spec/OutsideWorkflowManager.tla`.

use super::place::{Place, SEEN};
use crate::step::Step;
use crate::tools::Tools;
use crate::workspace::{Build, Workspace};

/// Runs TLC on the observations.
///
/// # Errors
/// When TLC is not available, rejects the observations, or accepts a mutation of them that it must reject.
pub(crate) fn check(workspace: &Workspace, place: &Place) -> anyhow::Result<()> {
    let jar = Tools::install_tlc(workspace)?;
    // Built with the tests' own build: `cargo build` of one package would unify other features and rebuild the SDK.
    let build = ["test", "--workspace", "--test", "proof", "--no-run"];
    Step::cargo("the build of the judge", &build).run(workspace)?;
    let path = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let arguments = [
        "outside".to_owned(),
        "--jar".to_owned(),
        path(jar),
        "--spec".to_owned(),
        path(workspace.root.join("spec")),
        "--out".to_owned(),
        path(place.path("traces")),
        "--recording".to_owned(),
        path(place.path(SEEN)),
    ];
    let judge = Step::built("traces", workspace.built(Build::Development, "alims-proof"), &[]);
    judge.with(&arguments).run(workspace)
}
