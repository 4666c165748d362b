//! The parts of CI and of the check before a push, in an order that fails fast: parts of some seconds first, then parts
//! that share a build.

use crate::part::{Part, Work};
use crate::runner;
use crate::step::{Step, cargo_has, say};
use crate::workspace::{Build, Workspace};

/// Runs everything that CI runs.
///
/// # Errors
/// What failed, and the command that repeats it.
pub(crate) fn test(workspace: &Workspace) -> anyhow::Result<()> {
    runner::run(workspace, &everything(workspace))
}

/// Runs the checks before a push, in a few minutes when a build exists.
///
/// # Errors
/// What failed, and the command that repeats it.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    runner::run(workspace, &[format(), lints(), quick_tests(workspace)])
}

/// Shows every part of everything and runs none.
pub(crate) fn list(workspace: &Workspace) {
    for part in everything(workspace) {
        say(&format!("{:<10} {}\n           {}", part.name, part.why, part.command()));
    }
}

fn everything(workspace: &Workspace) -> Vec<Part> {
    vec![
        specification(),
        format(),
        lints(),
        documentation(),
        Part::new("alone", "what is built alone states what it needs", Work::BuiltAlone),
        Part::new("build", "every binary and test, as one build", Work::Run(Step::build_of_everything("build"))),
        tests(workspace),
        reworded(workspace),
        Part::cargo("doctests", "what the documentation shows works", &["test", "--workspace", "--doc"]),
        demo(workspace),
        Part::new("console", "the console's committed build is that of its sources, and its pages work", Work::Console),
        Part::new("clients", "what others generate from the contract compiles and keeps every member", Work::Clients),
        Part::new(
            "contract",
            "every answer to what the contract allows or forbids is one that it shows",
            Work::Conformance,
        ),
        Part::new(
            "traces",
            "what the code did under faults is what the design allows, and what it must never do is not",
            Work::Traces,
        ),
        Part::new("template", "AWS's own tools and checkov find nothing in what is deployed", Work::Template),
        Part::new("e2e", "the service works, deployed on an emulator of AWS", Work::EndToEnd),
        Part::new("sam-local", "each function works in a container, as `sam local` runs it", Work::SamLocal),
    ]
}

/// It needs no build, and most of the others wait for a linker, a disk or an emulator now and then.
fn specification() -> Part {
    let why = "the models of the design hold, and every property of it can fail";
    Part { beside_others: true, ..Part::new("spec", why, Work::Specification) }
}

fn format() -> Part {
    Part::cargo("format", "one way to lay out code", &["fmt", "--all", "--check"])
}

fn lints() -> Part {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"];
    Part::cargo("lints", "the house rules that a compiler can hold", &arguments)
}

fn documentation() -> Part {
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
    let step = Step::cargo("docs", &arguments).environment("RUSTDOCFLAGS", "--deny warnings");
    Part::new("docs", "the documentation has no dead links", Work::Run(step))
}

/// A process for each test keeps them apart; where nextest is missing, cargo's own runner does the same tests.
fn tests(workspace: &Workspace) -> Part {
    // Documentation tests are a part of their own, because nextest has none.
    let (why, arguments): (_, &[&str]) = if cargo_has(workspace, "nextest") {
        ("unit, contract, property, integration, documents and tidy", &["nextest", "run", "--workspace"])
    } else {
        ("all tests, by cargo's own runner as cargo-nextest is missing", &["test", "--workspace", "--all-targets"])
    };
    Part::cargo("tests", why, arguments)
}

/// The tests that take seconds. It selects targets and not packages, so that no dependency is built again with other
/// features.
fn quick_tests(workspace: &Workspace) -> Part {
    let runner: &[&str] = if cargo_has(workspace, "nextest") { &["nextest", "run"] } else { &["test"] };
    let step = Step::cargo("tests", &[runner, &["--workspace", "--lib"]].concat()).with(&workspace.quick_tests());
    // Property tests run few of their cases here; CI runs all of them.
    let step = step.environment("PROPTEST_CASES", "16");
    Part::new("tests", "unit, contract, property (a few cases), integration, documents and tidy", Work::Run(step))
}

/// Tests the golden items once more, in a build in which every fault has another text. It names the whole workspace and
/// selects only three kinds of tests, so that no dependency is built again with other features; only the dependents of
/// the domain are.
fn reworded(workspace: &Workspace) -> Part {
    let why = "keys, hashes and identities are the same in a build that words every fault differently";
    let runner: &[&str] = if cargo_has(workspace, "nextest") { &["nextest", "run"] } else { &["test"] };
    let build = ["--workspace", "--features", "alims-domain/reworded"];
    let what = ["--test", "domain", "--test", "operations", "--test", "contract", "golden"];
    Part::cargo("reworded", why, &[runner, &build, &what].concat())
}

/// Runs the existing build: `cargo run` of one package would unify other features and build its dependencies again.
fn demo(workspace: &Workspace) -> Part {
    let step = Step::built("demo", workspace.built(Build::Development, "alims-local"), &["demo"]);
    Part::new("demo", "the five scenarios, told for a person, hold", Work::Run(step))
}
