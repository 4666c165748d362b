//! `cargo xtask mutants`: mutates domain and operations in one place after another and checks that their tests fail.

use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::step::Step;
use crate::workspace::Workspace;

/// What breaks it: cargo-mutants, built from the registry with the lock file that it was published with.
const VERSION: &str = "27.1.0";
/// The number of parallel builds and tests. Each takes about one processor.
const JOBS: &str = "2";

/// Builds and tests every mutant of the two; `.cargo/mutants.toml` selects the mutants and the tests. Further arguments
/// of cargo-mutants narrow the selection: `--re`, `--shard`.
///
/// # Errors
/// When cargo-mutants is not available, or a mutant survives; the list is in `target/mutants/mutants.out/missed.txt`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<()> {
    let folder = workspace.target.join("tools").join("mutants");
    let program = folder.join("bin").join("cargo-mutants");
    let version = Command::new(&program).args(["mutants", "--version"]).stdin(Stdio::null()).output();
    if !version.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim().ends_with(VERSION)) {
        let exactly = format!("cargo-mutants@{VERSION}");
        let install = ["install", "--locked", "--force", "--root"];
        let to = [folder.to_string_lossy().into_owned(), exactly];
        Step::cargo("the build of cargo-mutants", &install).with(&to).run(workspace)?;
    }
    let output = workspace.target.join("mutants");
    std::fs::create_dir_all(&output).with_context(|| format!("{} cannot be made", output.display()))?;
    let mutants = [
        "mutants",
        "--package",
        "alims-domain",
        "--package",
        "alims-operations",
        "--jobs",
        JOBS,
        "--no-shuffle",
        "--output",
    ];
    // A property test that finds a mutant at all finds it in few cases, and each case runs again for every mutant.
    let step = Step::built("mutants", program.into(), &mutants).environment("PROPTEST_CASES", "16");
    step.with(&[output.to_string_lossy().into_owned()]).with(arguments).run(workspace)
}
