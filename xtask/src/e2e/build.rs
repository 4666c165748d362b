//! The deployed files: built by SAM CLI as for AWS, or by cargo for the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::Context as _;

use crate::step::Step;
use crate::template::DEFINITIONS;
use crate::tools::{Tools, checked};
use crate::workspace::{Build, Workspace};

use super::place::Place;

/// The build of the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Built {
    /// As for AWS.
    AsDeployed,
    /// As for tests: the same code in the build that the tests share.
    Development,
}

/// Builds the deployed files for this machine. Returns the template that names them.
///
/// # Errors
/// When it does not build.
pub(crate) fn functions(workspace: &Workspace, tools: &Tools, place: &Place, built: Built) -> anyhow::Result<PathBuf> {
    match built {
        Built::AsDeployed => release(workspace, tools, place),
        Built::Development => development(workspace, place),
    }
}

fn release(workspace: &Workspace, tools: &Tools, place: &Place) -> anyhow::Result<PathBuf> {
    let folder = place.path("build");
    let mut sam = tools.deployment("sam");
    sam.current_dir(&workspace.root).arg("build").arg("--build-dir").arg(&folder);
    sam.args(["--parameter-overrides", &format!("Architecture={}", architecture()?)]);
    // SAM CLI builds each function in the function's own folder, where a relative path would be another one.
    sam.env("CARGO_TARGET_DIR", &workspace.target);
    checked(&mut sam, &place.log("build"))?;
    Ok(folder.join("template.yaml"))
}

fn development(workspace: &Workspace, place: &Place) -> anyhow::Result<PathBuf> {
    Step::build_of_everything("the functions").run(workspace)?;
    staged(workspace, &place.path("development"))
}

/// Puts development builds into a folder where the template, which it copies too, looks for the functions.
///
/// # Errors
/// When a file cannot be copied.
pub(crate) fn staged(workspace: &Workspace, folder: &Path) -> anyhow::Result<PathBuf> {
    let package = |function: &str| {
        let beside = folder.join("functions").join(function);
        fs::create_dir_all(&beside)?;
        strip(Path::new(&workspace.built(Build::Development, function)), &beside.join("bootstrap"))
    };
    let package = &package;
    let functions = names_in(&workspace.root.join("functions"))?;
    thread::scope(|scope| {
        let packages: Vec<_> = functions.iter().map(|function| scope.spawn(move || package(function))).collect();
        packages.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a copy panicked")))
    })?;
    for name in ["policies", "rules"] {
        copy_all(&workspace.root.join(name), &folder.join(name))?;
    }
    for (_, definition) in DEFINITIONS {
        let copied = folder.join(definition);
        copied.parent().map_or(Ok(()), fs::create_dir_all)?;
        copy(&workspace.root.join(definition), &copied)?;
    }
    let template = folder.join("template.yaml");
    copy(&workspace.root.join("template.yaml"), &template)?;
    Ok(template)
}

/// Copies a binary without debug information, which is nearly half of it: the whole deployment is zipped. Without a
/// `strip` for this kind of binary it copies the whole file, and deploying takes longer.
fn strip(from: &Path, to: &Path) -> anyhow::Result<()> {
    let stripped = Command::new("strip").arg("-o").arg(to).arg(from).status();
    if stripped.is_ok_and(|status| status.success()) { Ok(()) } else { copy(from, to) }
}

/// The shipped rules and, next to them, the laboratory rules that the scenarios need.
///
/// # Errors
/// When they cannot be copied.
pub(crate) fn rules(workspace: &Workspace, place: &Place) -> anyhow::Result<PathBuf> {
    let folder = place.path("run/rules");
    copy_all(&workspace.root.join("rules"), &folder)?;
    copy(&workspace.root.join("tests/tests/e2e/rules.yaml"), &folder.join("e2e.yaml"))?;
    Ok(folder)
}

/// What Lambda calls the machine this runs on.
///
/// # Errors
/// When Lambda runs on nothing like it.
pub(crate) fn architecture() -> anyhow::Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64"),
        "aarch64" => Ok("arm64"),
        other => anyhow::bail!("Lambda does not run on {other}"),
    }
}

fn names_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Copies a folder and all that is in it.
fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for name in names_in(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() { copy_all(&from, &to)? } else { copy(&from, &to)? }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    Ok(())
}
