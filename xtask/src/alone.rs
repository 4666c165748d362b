//! Separate checks of packages. A workspace build unifies the features of all packages, so a package with a missing
//! feature compiles there but not alone.

use std::time::Instant;

use crate::fuzz;
use crate::step::{Step, say};
use crate::workspace::{Package, Workspace};

/// The packages that people build alone: the operator's commands, `cargo local` and `cargo xtask`. SAM CLI builds each
/// function alone.
const STARTED_ALONE: [&str; 3] = ["alims-admin", "alims-local", "alims-xtask"];

/// Checks separately the packages that are built alone, or every package; a package with features of its own is also
/// checked with all of them. Each package checks most of its dependencies again, with the features that it and they
/// need.
///
/// # Errors
/// At the first package that does not compile.
pub(crate) fn check(workspace: &Workspace, every_package: bool) -> anyhow::Result<()> {
    let built_alone = |package: &&Package| package.is_function || STARTED_ALONE.contains(&package.name.as_str());
    let packages = workspace.packages.iter().filter(|package| every_package || built_alone(package));
    fuzz::lock(workspace)?;
    let steps: Vec<Step> = packages.flat_map(steps).chain([fuzz::targets_alone()]).collect();
    let count = steps.len();
    for (step, number) in steps.iter().zip(1..) {
        let begun = Instant::now();
        step.run(workspace)?;
        say(&format!("  {number:>2}/{count} {} ({:.1} s)", step.name, begun.elapsed().as_secs_f32()));
    }
    Ok(())
}

fn steps(package: &Package) -> Vec<Step> {
    let Package { name, features, .. } = package;
    let check = ["check", "--quiet", "--package", name];
    let mut steps = vec![Step::cargo(name, &check)];
    if !features.is_empty() {
        let name = format!("{name} with {}", features.join(", "));
        steps.push(Step::cargo(&name, &check).with(&["--all-features".to_owned()]));
    }
    steps
}
