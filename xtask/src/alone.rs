//! Each package by itself. A workspace build unifies the features of all packages, so that one that forgot to ask for
//! a feature compiles there and nowhere else.

use std::time::Instant;

use crate::step::{Step, say};
use crate::workspace::Workspace;

/// Checks every package alone, and those that have features of their own with all of them as well.
///
/// # Errors
/// At the first package that does not compile.
pub(crate) fn check_each(workspace: &Workspace) -> anyhow::Result<()> {
    let steps = steps(workspace);
    let count = steps.len();
    for (step, number) in steps.iter().zip(1..) {
        let begun = Instant::now();
        step.run(workspace)?;
        say(&format!("  {number:>2}/{count} {} ({:.1} s)", step.name, begun.elapsed().as_secs_f32()));
    }
    Ok(())
}

fn steps(workspace: &Workspace) -> Vec<Step> {
    let mut steps = Vec::new();
    for (package, features) in &workspace.packages {
        let check = ["check", "--quiet", "--package", package];
        steps.push(Step::cargo(package, &check));
        if !features.is_empty() {
            let name = format!("{package} with {}", features.join(", "));
            steps.push(Step::cargo(&name, &check).with(&["--all-features".to_owned()]));
        }
    }
    steps
}
