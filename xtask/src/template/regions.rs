//! cfn-lint for every region of AWS.

use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, ensure};

use crate::session::locked;
use crate::step::say;
use crate::tools::{Tools, checked};

/// How many regions one process looks at. It tries a policy's text with every combination of its regions, accounts and
/// partitions, so that all regions at once do not come to an end.
const REGIONS_AT_A_TIME: usize = 3;

/// Lints for every region of which cfn-lint knows what it has, with as many processes as this machine has processors.
///
/// # Errors
/// The findings of all regions.
pub(super) fn lint_every(
    tools: &Tools,
    lint: &(impl Fn(&[&str]) -> Command + Sync),
    folder: &Path,
) -> anyhow::Result<()> {
    let listed = tools.deployment("python").args(["-c", include_str!("regions.py")]).output();
    let listed = listed.context("cfn-lint's regions")?;
    ensure!(listed.status.success(), "cfn-lint's regions: {}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).context("cfn-lint's regions")?;
    let mut lines = listed.lines();
    let regions: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let unknown = lines.next().unwrap_or_default();
    ensure!(!regions.is_empty(), "cfn-lint names no regions");

    let left = Mutex::new(regions.chunks(REGIONS_AT_A_TIME));
    let findings = Mutex::new(Vec::new());
    let next = || locked(&left).next();
    let lint_what_is_left = || {
        while let Some(part) = next() {
            let names = part.join(", ");
            say(&format!("cfn-lint for {names}"));
            if let Err(found) = checked(&mut lint(part), &folder.join(format!("cfn-lint of {names}.log"))) {
                locked(&findings).push(format!("{found:#}"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(lint_what_is_left);
        }
    });
    let findings = locked(&findings);
    ensure!(findings.is_empty(), "{}", findings.join("\n"));
    say(&format!("{} regions, and no finding in any of them", regions.len()));
    if !unknown.is_empty() {
        say(&format!("cfn-lint does not know what these have: {unknown}"));
    }
    Ok(())
}
