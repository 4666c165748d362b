//! `cargo xtask spec --traces`: records runs of the code, and lets TLC decide whether they are behaviours of the
//! specification.

use crate::step::Step;
use crate::tools::Tools;
use crate::workspace::{Build, Workspace};

/// The program that records and checks.
const RECORDER: &str = "alims-proof";
/// The default number of recorded operations: enough for every kind of line and of mutation.
pub(crate) const OPERATIONS: usize = 600;

/// From this many operations on an optimised build of the recorder pays off: recording takes longer than TLC.
const MANY: usize = 10_000;

/// Records and checks.
///
/// # Errors
/// When TLC is not available, rejects a run, or accepts a mutation that it must reject.
pub(crate) fn check(workspace: &Workspace, operations: usize, seed: u64) -> anyhow::Result<()> {
    let jar = Tools::install_tlc(workspace)?;
    // Built with the tests' own build: `cargo build` of one package would unify other features and rebuild the SDK.
    let usual: &[&str] = &["test", "--workspace", "--test", "proof", "--no-run"];
    let optimised: &[&str] = &["build", "--release", "--package", RECORDER];
    let (build, command) = if operations < MANY { (Build::Development, usual) } else { (Build::Release, optimised) };
    Step::cargo("the build of the recorder", command).run(workspace)?;
    let path = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let arguments = [
        "inside".to_owned(),
        "--jar".to_owned(),
        path(jar),
        "--spec".to_owned(),
        path(workspace.root.join("spec")),
        "--out".to_owned(),
        path(workspace.target.join("traces")),
        "--operations".to_owned(),
        operations.to_string(),
        "--seed".to_owned(),
        seed.to_string(),
    ];
    let record = Step::built("traces", workspace.built(build, RECORDER), &[]);
    record.with(&arguments).run(workspace)
}
