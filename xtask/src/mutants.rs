//! `cargo xtask mutants`: breaks domain and operations in one place after another and sees whether their tests notice.

use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::step::Step;
use crate::workspace::Workspace;

/// What breaks it: cargo-mutants, built from the registry with the lock file that it was published with.
const VERSION: &str = "27.1.0";
/// Builds and tests at the same time. Each takes about one processor.
const JOBS: &str = "2";

/// Has every mutant of the two built and tested; `.cargo/mutants.toml` says which there are and what must notice. What
/// cargo-mutants is told besides narrows it: `--re`, `--shard`.
///
/// # Errors
/// When cargo-mutants is not to be had, or a mutant survives; the list is in `target/mutants/mutants.out/missed.txt`.
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
    // What a test of many cases finds at all it finds in few, and each is done again for every mutant.
    let step = Step::built("mutants", program.into(), &mutants).environment("PROPTEST_CASES", "16");
    step.with(&[output.to_string_lossy().into_owned()]).with(arguments).run(workspace)
}
