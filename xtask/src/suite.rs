//! Everything that CI runs, in an order that fails fast: what takes seconds first, what shares a build together.

use std::time::{Duration, Instant};

use crate::step::{Step, cargo_has, say};
use crate::workspace::{Build, Workspace};
use crate::{alone, e2e, spec, template};

/// One part of the suite.
struct Part {
    name: &'static str,
    /// Why it is here.
    why: &'static str,
    work: Work,
}

enum Work {
    Run(Step),
    EachPackageAlone,
    Specification,
    Traces,
    Template,
    EndToEnd,
}

/// Runs every part and stops at the first that fails.
///
/// # Errors
/// What failed, and the command that repeats it.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let parts = parts(workspace);
    let count = parts.len();
    let begun = Instant::now();
    let mut taken: Vec<(&str, Duration)> = Vec::new();
    for (part, number) in parts.iter().zip(1..) {
        say(&format!("\n== {number}/{count} {}: {} ==\n   {}", part.name, part.why, part.command()));
        let part_begun = Instant::now();
        if let Err(error) = part.run(workspace) {
            summarise(&taken, begun.elapsed());
            say(&format!("  {:<10} FAILED after {:.1} s", part.name, part_begun.elapsed().as_secs_f32()));
            let left = parts.iter().skip(number).map(|part| part.name).collect::<Vec<_>>();
            if !left.is_empty() {
                say(&format!("  not run: {}", left.join(", ")));
            }
            return Err(error);
        }
        taken.push((part.name, part_begun.elapsed()));
    }
    summarise(&taken, begun.elapsed());
    say(&format!("\nall {count} parts passed"));
    Ok(())
}

/// Shows every part and runs none.
pub(crate) fn list(workspace: &Workspace) {
    for part in parts(workspace) {
        say(&format!("{:<10} {}\n           {}", part.name, part.why, part.command()));
    }
}

impl Part {
    fn run(&self, workspace: &Workspace) -> anyhow::Result<()> {
        match &self.work {
            Work::Run(step) => step.run(workspace),
            Work::EachPackageAlone => alone::check_each(workspace),
            Work::Specification => spec::check(workspace, false),
            Work::Traces => spec::traces::check(workspace, spec::traces::OPERATIONS, 1),
            Work::Template => template::check(workspace),
            Work::EndToEnd => e2e::run(workspace, e2e::Built::LightlyOptimised),
        }
    }

    fn command(&self) -> String {
        match &self.work {
            Work::Run(step) => step.to_string(),
            Work::EachPackageAlone => "cargo xtask alone".to_owned(),
            Work::Specification => "cargo xtask spec".to_owned(),
            Work::Traces => "cargo xtask spec --traces".to_owned(),
            Work::Template => "cargo xtask template".to_owned(),
            Work::EndToEnd => "cargo xtask e2e --lightly-optimised".to_owned(),
        }
    }
}

fn parts(workspace: &Workspace) -> Vec<Part> {
    let run = |name, why, arguments: &[&str]| Part { name, why, work: Work::Run(Step::cargo(name, arguments)) };
    vec![
        run("format", "one way to lay out code", &["fmt", "--all", "--check"]),
        run(
            "lints",
            "the house rules that a compiler can hold",
            &["clippy", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"],
        ),
        documentation(),
        Part { name: "alone", why: "each package states what it needs", work: Work::EachPackageAlone },
        run("build", "every binary and test, as one build", &["build", "--workspace", "--all-targets"]),
        tests(workspace),
        reworded(workspace),
        run("doctests", "what the documentation shows works", &["test", "--workspace", "--doc"]),
        demo(workspace),
        Part {
            name: "spec",
            why: "the models of the design hold, and every property of it can fail",
            work: Work::Specification,
        },
        Part {
            name: "traces",
            why: "what the code did under faults is what the design allows, and what it must never do is not",
            work: Work::Traces,
        },
        Part { name: "template", why: "AWS's own tools find nothing in what is deployed", work: Work::Template },
        Part { name: "e2e", why: "what would be deployed works, deployed on an emulator of AWS", work: Work::EndToEnd },
    ]
}

fn documentation() -> Part {
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
    let step = Step::cargo("docs", &arguments).environment("RUSTDOCFLAGS", "--deny warnings");
    Part { name: "docs", why: "the documentation has no dead links", work: Work::Run(step) }
}

/// A process for each test keeps them apart; where nextest is missing, cargo's own runner does the same tests.
fn tests(workspace: &Workspace) -> Part {
    // Documentation tests are a part of their own, because nextest has none.
    let (why, arguments): (_, &[&str]) = if cargo_has(workspace, "nextest") {
        ("unit, contract, property, integration, documents and tidy", &["nextest", "run", "--workspace"])
    } else {
        ("all tests, by cargo's own runner as cargo-nextest is missing", &["test", "--workspace", "--all-targets"])
    };
    Part { name: "tests", why, work: Work::Run(Step::cargo("tests", arguments)) }
}

/// The golden items once more, in a build in which every fault has other words. All of the workspace is named and only two
/// kinds of tests are chosen, so that no dependency is built again with other features: what depends on the core is.
fn reworded(workspace: &Workspace) -> Part {
    let why = "keys, hashes and identities are the same in a build that words every fault differently";
    let runner: &[&str] = if cargo_has(workspace, "nextest") { &["nextest", "run"] } else { &["test"] };
    let what =
        ["--workspace", "--features", "alims-domain/reworded", "--test", "operations", "--test", "contract", "golden"];
    let step = Step::cargo("reworded", &[runner, &what].concat());
    Part { name: "reworded", why, work: Work::Run(step) }
}

/// Runs what the build made: `cargo run` of one package would unify other features and build its dependencies again.
fn demo(workspace: &Workspace) -> Part {
    let step = Step::built("demo", workspace.built(Build::Development, "alims-local"), &["demo"]);
    Part { name: "demo", why: "the four scenarios, told for a person, hold", work: Work::Run(step) }
}

fn summarise(taken: &[(&str, Duration)], total: Duration) {
    say("\n== summary ==");
    for (name, duration) in taken {
        say(&format!("  {name:<10} {:>7.1} s", duration.as_secs_f32()));
    }
    say(&format!("  {:<10} {:>7.1} s", "together", total.as_secs_f32()));
}
