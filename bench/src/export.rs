//! What an export takes: time and memory of the server, and the time of the program that checks the archive.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_domain::signature::Meaning;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::{Clock as _, WorkflowLog as _};
use alims_runtime::SystemClock;
use alims_testing::builders::{a_created_of, a_key_of, a_move, a_signature, an_amendment, at, labels, metadata};
use anyhow::{Context as _, Result, ensure};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fmt, fs};

use crate::server::{Person, Server};

/// Entries of one workflow.
const OF_A_WORKFLOW: usize = 10;
/// Workflows that are written at once.
const WRITERS: usize = 16;
/// How long the measurement waits before it reads the export again.
const POLL: Duration = Duration::from_millis(20);
/// How long an export may take before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(3600);
/// What stands before this heading of a page stays as it is.
const HEADING: &str = "\n## What an export took\n";

/// What an export took.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    measured_at: Timestamp,
    entries: u64,
    seconds: f64,
    /// The most memory of the server before the export, and when it was complete.
    mib_before: u64,
    mib: u64,
    archive_bytes: u64,
    records_bytes: u64,
    verify_seconds: f64,
}

/// Fills a server's log with about so many entries, and exports them.
pub(crate) async fn measure(entries: usize) -> Result<Figures> {
    let server = Server::start().await?;
    fill(&server.log()?, entries).await?;
    // A server that has only started: what it took to fill the log is no part of the figures.
    let server = server.restarted().await?;
    let auditor = server.person("audrey", &["auditor"]).await?;
    let mib_before = server.peak_memory_mib()?;
    let begun = Instant::now();
    let export = exported(&auditor).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let mib = server.peak_memory_mib()?;
    let archive = downloaded(&export).await?;
    ensure!(export["sha256"] == json!(ChainHash::of(&archive)), "the archive is another one");
    server.stop().await?;
    let folder = tempfile::tempdir()?;
    let (zip, unpacked) = (folder.path().join("export.zip"), folder.path().join("export"));
    fs::write(&zip, &archive)?;
    run("python3", &["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), zip.as_ref(), unpacked.as_ref()], &unpacked)?;
    let begun = Instant::now();
    run("python3", &["verify.py".as_ref()], &unpacked)?;
    let verify_seconds = begun.elapsed().as_secs_f64();
    let openssl = "dgst -sha256 -verify public-key.pem -signature manifest.sig manifest.json";
    let openssl: Vec<&OsStr> = openssl.split(' ').map(OsStr::new).collect();
    run("openssl", &openssl, &unpacked)?;
    Ok(Figures {
        measured_at: SystemClock.now(),
        entries: export["entries"].as_u64().context("no entries")?,
        seconds,
        mib_before,
        mib,
        archive_bytes: u64::try_from(archive.len())?,
        records_bytes: fs::metadata(unpacked.join("records.jsonl"))?.len(),
        verify_seconds,
    })
}

/// The workflows of a laboratory.
async fn fill(log: &DynamoLog, entries: usize) -> Result<()> {
    let tenant: TenantId = "default".parse()?;
    stream::iter(0..entries.div_ceil(OF_A_WORKFLOW))
        .map(async |number| {
            for version in a_workflow(&tenant, number) {
                log.append(&version).await?;
            }
            anyhow::Ok(())
        })
        .buffer_unordered(WRITERS)
        .try_collect::<()>()
        .await
}

/// A workflow with a result, two signatures, a failure and its end.
fn a_workflow(tenant: &TenantId, number: usize) -> Vec<StoredVersion> {
    let created = a_created_of(&a_key_of(tenant, &format!("sample-{number:06}")));
    let mut versions = vec![created.clone(), a_move(&created, State::Active)];
    let add = |versions: &mut Vec<StoredVersion>, make: &dyn Fn(&StoredVersion) -> StoredVersion| {
        let next = versions.last().map(make);
        versions.extend(next);
    };
    let data = WorkflowData {
        metadata: metadata(&json!({
            "sample": format!("S-{number}"), "method": "HPLC-12", "instrument": "LC-3",
            "result": {"ph": 7.25, "assay_percent": 99.2, "impurities": [0.02, 0.05], "remark": "Clear, colourless."},
        })),
        labels: labels(&[("batch", "B-2026-11"), ("line", "3")]),
        due_at: Some(at(86_400_000)),
        assignee: "bob".parse().ok(),
    };
    add(&mut versions, &|before| an_amendment(before, data.clone()));
    add(&mut versions, &|before| a_signature(before, "bob", Meaning::Authorship));
    add(&mut versions, &|before| a_signature(before, "carol", Meaning::Review));
    for state in [State::Failed, State::Active, State::Paused, State::Active, State::Completed] {
        add(&mut versions, &|before| a_move(before, state));
    }
    versions
}

/// The export of everything, when it is complete.
async fn exported(auditor: &Person) -> Result<Value> {
    let all = json!({"from": at(0), "to": at(86_400_000), "reason": "A measurement."});
    let mut export = auditor.expect(Method::POST, "/exports", Some(&all)).await?;
    let path = format!("/exports/{}", export["export_id"].as_str().context("no id")?);
    let begun = Instant::now();
    while export["status"] == "RUNNING" {
        ensure!(begun.elapsed() < PATIENCE, "the export does not end: {export}");
        tokio::time::sleep(POLL).await;
        export = auditor.expect(Method::GET, &path, None).await?;
    }
    ensure!(export["status"] == "COMPLETED", "the export failed: {export}");
    Ok(export)
}

async fn downloaded(export: &Value) -> Result<Vec<u8>> {
    let url = export["download_url"].as_str().context("no address")?;
    Ok(reqwest::get(url).await?.error_for_status()?.bytes().await?.to_vec())
}

fn run(program: &str, arguments: &[&OsStr], folder: &Path) -> Result<()> {
    let mut command = Command::new(program);
    if folder.exists() {
        command.current_dir(folder);
    }
    let output = command.args(arguments).output().with_context(|| format!("{program} cannot be started"))?;
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

impl Figures {
    /// Replaces what stands under the heading, which is the last one of the page.
    pub(crate) fn write(&self, page: &Path) -> Result<()> {
        let text = fs::read_to_string(page)?;
        let (before, _) = text.split_once(HEADING).context("the page has no such heading")?;
        Ok(fs::write(page, format!("{before}{HEADING}\n{self}"))?)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.measured_at.to_string();
        let day = day.split('T').next().unwrap_or(&day);
        let kib = |bytes: u64| bytes / 1024;
        writeln!(f, "On {day} this command measured it on a laptop server, and wrote everything from here on:")?;
        writeln!(f, "\n```bash\ncargo xtask bench export --page docs/exports.md --entries {}\n```\n", self.entries)?;
        let build = if cfg!(debug_assertions) { "a development build, which is slower" } else { "an optimised build" };
        writeln!(
            f,
            "It was {build}. Another machine has other figures. `verify.py` and `openssl` found the archive sound.\n"
        )?;
        writeln!(f, "| what | figure |\n|---|---:|")?;
        writeln!(f, "| entries | {} |", self.entries)?;
        writeln!(f, "| from the request until the archive can be downloaded | {:.1} s |", self.seconds)?;
        writeln!(f, "| peak memory of the server before the export | {} MiB |", self.mib_before)?;
        writeln!(f, "| peak memory of the server after it | {} MiB |", self.mib)?;
        writeln!(f, "| `records.jsonl` | {} KiB |", kib(self.records_bytes))?;
        writeln!(f, "| the archive | {} KiB |", kib(self.archive_bytes))?;
        writeln!(f, "| `verify.py` | {:.1} s |", self.verify_seconds)
    }
}
