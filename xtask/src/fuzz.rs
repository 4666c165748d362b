//! `cargo xtask fuzz`: random bytes for everything that reads bytes of others, some seconds each, from seeds that the
//! repository has already.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::step::{Step, cargo_has};
use crate::workspace::Workspace;

/// Where cargo-fuzz builds and what it finds, from the workspace's root on.
const FOLDER: &str = "target/fuzz";
/// The targets, in the order in which they run.
const TARGETS: [&str; 6] = ["bodies", "cursors", "patches", "policies", "records", "rules"];
/// The operations with a body, in the order in which the target `bodies` numbers them.
const WITH_A_BODY: [&str; 10] = [
    "amend-workflow",
    "batch-state-transitions",
    "create-workflow",
    "export-records",
    "recover-workflow",
    "release-workflow",
    "replay-events",
    "request-state-transition",
    "review-audit-trail",
    "sign-workflow",
];
/// A body that is larger only repeats what a small one shows.
const INPUT_BYTES_MAX: u32 = 16 * 1024;

/// What is to be run.
#[derive(clap::Args, Debug)]
pub(crate) struct Asked {
    /// How long each target runs.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Only this target; repeatable.
    #[arg(long = "target", value_parser = TARGETS)]
    targets: Vec<String>,
}

/// Builds the targets and runs them, one after the other.
///
/// # Errors
/// When one finds something; the input is kept and can be given to it again.
pub(crate) fn run(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    if !cargo_has(workspace, "fuzz") {
        anyhow::bail!(
            "cargo-fuzz is missing; install it with: cargo install --locked cargo-fuzz (it needs a C++ compiler)"
        );
    }
    lock(workspace)?;
    cargo_fuzz("build", &[]).run(workspace)?;
    let chosen = |target: &&str| asked.targets.is_empty() || asked.targets.iter().any(|named| named == target);
    for target in TARGETS.into_iter().filter(chosen) {
        let corpus = format!("{FOLDER}/corpus/{target}");
        let artifacts = format!("{FOLDER}/artifacts/{target}/");
        for folder in [&corpus, &artifacts] {
            fs::create_dir_all(workspace.root.join(folder))?;
        }
        for (name, seed) in seeds(workspace, target)? {
            fs::write(workspace.root.join(&corpus).join(name), seed)?;
        }
        let libfuzzer = [
            format!("-max_total_time={}", asked.seconds),
            format!("-max_len={INPUT_BYTES_MAX}"),
            format!("-artifact_prefix={artifacts}"),
            "-print_final_stats=1".to_owned(),
        ];
        let run = cargo_fuzz("run", &[target, &corpus, "--"]).with(&libfuzzer);
        run.run(workspace).with_context(|| format!("the target {target}; what it failed at is in {artifacts}"))?;
    }
    Ok(())
}

/// Gives the targets the libraries that the service is built with, and no others.
///
/// # Errors
/// When the lock file cannot be copied.
pub(crate) fn lock(workspace: &Workspace) -> anyhow::Result<()> {
    fs::copy(workspace.root.join("Cargo.lock"), workspace.root.join("fuzz/Cargo.lock"))?;
    Ok(())
}

/// Checks that the targets compile, without cargo-fuzz and the C++ code of libFuzzer: no other part builds them.
pub(crate) fn targets_alone() -> Step {
    let check = ["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--no-default-features"];
    Step::cargo("the fuzz targets", &check).with(&["--target-dir".to_owned(), FOLDER.to_owned()])
}

/// A call of cargo-fuzz. Without a sanitizer it needs no nightly toolchain, and one would find nothing here: the workspace
/// forbids unsafe code.
fn cargo_fuzz(command: &str, more: &[&str]) -> Step {
    let own = ["fuzz", command, "--fuzz-dir", "fuzz", "--dev", "--sanitizer", "none", "--target-dir", FOLDER];
    Step::cargo("fuzz", &[&own[..], more].concat())
}

/// Inputs to begin with: what the repository has of the kind.
fn seeds(workspace: &Workspace, target: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let files = |folder: &str, extension: &str| files(&workspace.root.join(folder), extension);
    Ok(match target {
        "bodies" => {
            let body = |(number, operation): (u8, &str)| {
                let event = fs::read_to_string(workspace.root.join(format!("events/{operation}.json")))?;
                let event: serde_json::Value = serde_json::from_str(&event)?;
                let body = event.get("body").and_then(serde_json::Value::as_str).unwrap_or("{}");
                Ok((operation.to_owned(), [&[number], body.as_bytes()].concat()))
            };
            (0_u8..).zip(WITH_A_BODY).map(body).collect::<anyhow::Result<_>>()?
        }
        "cursors" => {
            let first = "\0limit=2&cursor=ASr1ub9vQ0t1eW5lbXVzdHJlYWR0aGlz";
            [
                first,
                "\u{1}include=refusals&cursor=AQ",
                "\u{2}kind=WorkflowCreated",
                "\u{3}cursor=ASr1ub9vQ0t1eW5l",
                "\0state=ACTIVE",
            ]
            .map(|seed| (format!("{:x}", seed.len()), seed.as_bytes().to_vec()))
            .into()
        }
        "patches" => {
            let seed = br#"[{"a":1,"b":{"c":[2.5e0,null]}},{"a":null,"b":{"c":{}},"d":"x"}]"#;
            vec![("seed".to_owned(), seed.to_vec())]
        }
        "policies" => files("policies", "cedar")?,
        "records" => files("shared/dynamodb/tests/golden/format-1", "json")?,
        _ => files("rules", "yaml")?,
    })
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let wanted = paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension));
    wanted
        .map(|path| Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read(&path)?)))
        .collect()
}
