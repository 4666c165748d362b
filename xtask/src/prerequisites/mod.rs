//! `cargo xtask prerequisites`: whether this machine can build and deploy the service, and for each thing that it lacks
//! how to get it. docs/deployment.md explains them.

mod account;
mod finding;
mod program;
#[cfg(test)]
mod tests;
mod version;

use std::ffi::OsString;
use std::fs;

use anyhow::Context as _;

pub(crate) use self::finding::Asked;
use self::finding::{Architecture, Finding};
use self::program::Programs;
use self::version::{Version, pinned};
use crate::step::say;
use crate::workspace::Workspace;

/// How the tested tools are installed: the file has every package with its hashes.
const INSTALL_TOOLS: &str = "python3 -m venv ~/.alims-tools && ~/.alims-tools/bin/pip install --no-deps --require-hashes \
                             -r xtask/src/e2e/deployment.txt && export PATH=$PATH:~/.alims-tools/bin";

/// PyPI has only version 1, which the tools above bring along.
const INSTALL_AWS: &str = "install version 2 (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html) and \
                           let PATH name its folder before ~/.alims-tools/bin";

/// Looks for everything and tells what it finds.
///
/// # Errors
/// When something is missing, too old or broken.
pub(crate) fn check(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let manifest = fs::read_to_string(workspace.root.join("Cargo.toml")).context("Cargo.toml cannot be read")?;
    let findings = findings(path, &manifest, asked)?;
    let (lines, missing) = told(&findings);
    lines.iter().for_each(|line| say(line));
    anyhow::ensure!(missing == 0, "{missing} of {} prerequisites are not met", findings.len());
    Ok(())
}

/// What is shown of the findings, and how many are not met.
fn told(findings: &[Finding]) -> (Vec<String>, usize) {
    let lines = findings.iter().flat_map(|finding| match &finding.verdict {
        Ok(found) => vec![format!("  ok       {:<14} {found}", finding.what)],
        Err(wrong) => vec![
            format!("  MISSING  {:<14} {wrong}", finding.what),
            format!("                          do: {}", finding.remedy),
        ],
    });
    (lines.collect(), findings.iter().filter(|finding| finding.verdict.is_err()).count())
}

/// Everything, in the order in which one would install it.
fn findings(path: OsString, manifest: &str, asked: &Asked) -> anyhow::Result<Vec<Finding>> {
    let programs = Programs { path };
    let mut findings = vec![
        rust(&programs, manifest)?,
        Finding::new("C compiler", programs.first_line("cc", &["--version"]), "sudo apt-get install build-essential"),
        Finding::new("jq", programs.first_line("jq", &["--version"]), "sudo apt-get install jq"),
        target(&programs, asked.architecture),
        tested(&programs, "SAM CLI", "aws-sam-cli", ("sam", &["--version"]))?,
        tested(&programs, "cargo-lambda", "cargo-lambda", ("cargo-lambda", &["lambda", "--version"]))?,
        zig(&programs),
        aws(&programs),
    ];
    if findings.last().is_some_and(|aws| aws.verdict.is_ok()) {
        findings.extend(account::findings(&programs, asked));
    }
    Ok(findings)
}

fn rust(programs: &Programs, manifest: &str) -> anyhow::Result<Finding> {
    let manifest: toml::Value = toml::from_str(manifest).context("Cargo.toml is no TOML")?;
    let package = manifest.get("workspace").and_then(|workspace| workspace.get("package"));
    let wanted = package.and_then(|package| package.get("rust-version")).and_then(toml::Value::as_str);
    let wanted = wanted.and_then(Version::in_text).context("Cargo.toml has no rust-version")?;
    let verdict = programs.version("rustc", &["--version"]).and_then(|found| found.at_least(wanted));
    Ok(Finding::new("Rust", verdict, "rustup update stable (https://rustup.rs)"))
}

/// Rust's own files for the functions' processor.
fn target(programs: &Programs, architecture: Architecture) -> Finding {
    let target = match architecture {
        Architecture::Arm64 => "aarch64-unknown-linux-gnu",
        Architecture::X8664 => "x86_64-unknown-linux-gnu",
    };
    let folder = programs.first_line("rustc", &["--print", "target-libdir", "--target", target]);
    let verdict = folder.and_then(|folder| {
        // rustc names the folder whether it is there or not.
        let there = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if there { Ok(target.to_owned()) } else { Err(format!("{target} is not installed")) }
    });
    Finding::new("Rust target", verdict, format!("rustup target add {target}"))
}

/// A tool of which at least the version that the tests use is needed.
fn tested(
    programs: &Programs,
    what: &'static str,
    package: &str,
    (program, arguments): (&str, &[&str]),
) -> anyhow::Result<Finding> {
    let wanted = pinned(package)?;
    let verdict = programs.version(program, arguments).and_then(|found| found.at_least(wanted));
    Ok(Finding::new(what, verdict, INSTALL_TOOLS))
}

/// The linker for another processor, as cargo-lambda finds it: a program, or a module of Python. Its versions have no
/// order that says what works.
fn zig(programs: &Programs) -> Finding {
    let verdict = programs.output("cargo-lambda", &["lambda", "system"]).and_then(|said| {
        let version = said.lines().find_map(|line| line.trim().strip_prefix("version:"));
        let version = version.and_then(Version::in_text).ok_or("cargo-lambda finds no zig")?;
        Ok(version.to_string())
    });
    Finding::new("zig", verdict, INSTALL_TOOLS)
}

/// The AWS CLI: version 1 has no `aws configure export-credentials`, which `alims-admin` calls, and no `aws logs tail`.
fn aws(programs: &Programs) -> Finding {
    let verdict = programs.version("aws", &["--version"]).and_then(|found| found.at_least(Version::of(2, 10, 0)));
    Finding::new("AWS CLI", verdict, INSTALL_AWS)
}
