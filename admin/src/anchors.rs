//! `anchor-heads` and `verify-anchors`: what an operator or an auditor does with the anchors of the log.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use alims_anchors::{Anchors, FolderAnchors, S3Anchors};
use alims_domain::anchor::Finding;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::TenantId;
use alims_domain::limits::ANCHOR_ENTRIES_MAX;
use alims_operations::anchor_heads;
use alims_operations::ports::{PublicKey, Signer};
use alims_operations::verify_anchors::{Ports, Remembered, VerifiedAnchors, verify_anchors};
use alims_runtime::SystemClock;
use alims_signing::{EcdsaCheck, FileKey, KmsKey, public_key_from_pem};
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::args::ServiceArgs;
use crate::index::{Pace, conclude, stopped};
use crate::rebuild_index::interrupted;
use crate::service::{Anchoring, Service};

/// The anchors in a laptop's data folder.
const FOLDER: &str = "anchors";
/// The key that signs them.
const KEY: &str = "signing-key";

/// The options of `anchor-heads`.
#[derive(Args)]
pub(crate) struct AnchorHeadsArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// A tenant to anchor; may be repeated [default: every tenant that has an anchor or a listed workflow].
    #[arg(long, value_name = "ID")]
    tenant: Vec<TenantId>,
}

/// The options of `verify-anchors`.
#[derive(Args)]
pub(crate) struct VerifyAnchorsArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// The tenant.
    #[arg(long, value_name = "ID")]
    tenant: TenantId,
    /// A file with a public key (PEM) that may have signed; repeat it for keys of former times [default: the service's].
    #[arg(long, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// A folder with a copy of the anchors, in place of the service's.
    #[arg(long, value_name = "DIR")]
    anchors: Option<PathBuf>,
    /// An anchor that was written down after an earlier verification.
    #[arg(long, value_name = "NUMBER:HASH")]
    remembered: Option<Written>,
    /// Say at the end what was found as one JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// An anchor as a person writes it down.
#[derive(Clone)]
struct Written(Remembered);

impl FromStr for Written {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            "must be a number from 1 on, a colon and 64 hexadecimal digits, as an earlier verification printed it";
        let (number, hash) = text.split_once(':').ok_or(wrong)?;
        let number: NonZeroU64 = number.parse().map_err(|_| wrong)?;
        let hash = ChainHash::try_from(hash.to_owned()).map_err(|_| wrong)?;
        Ok(Self(Remembered { number, hash }))
    }
}

/// Makes anchors.
pub(crate) async fn make(args: &AnchorHeadsArgs) -> anyhow::Result<ExitCode> {
    let service = args.service.find().await?;
    let Some(Anchoring::Laptop(data)) = &service.anchoring else {
        bail!("a deployed service makes its anchors itself; invoke its function anchor-heads (docs/operations.md)");
    };
    let (log, index) = alims_store::patient(&service.dynamodb, &service.log_table, &service.index_table);
    let signer = FileKey::load(&data.join(KEY))?;
    let anchors = FolderAnchors::new(data.join(FOLDER));
    let ports = anchor_heads::Ports {
        log,
        index,
        anchors,
        signer,
        clock: Arc::new(SystemClock),
        entries_max: ANCHOR_ENTRIES_MAX,
    };
    let run = anchor_heads::anchor_heads(&ports, &args.tenant).await?;
    let mut out = io::stdout().lock();
    for tenant in &run.tenants {
        let (id, made, entries) = (&tenant.tenant_id, tenant.made, tenant.entries);
        let (made, entries) = (counted(made, "anchor", "anchors"), counted(entries, "entry", "entries"));
        writeln!(out, "{id}: {made} with {entries}; all before {} is covered", tenant.until)?;
    }
    for (tenant, why) in &run.failed {
        writeln!(io::stderr(), "error: {tenant}: {why}")?;
    }
    let complete = run.left == 0 && run.all_known && run.tenants.iter().all(|tenant| tenant.finished);
    if !complete {
        writeln!(out, "the time of the run was over; run it again")?;
    }
    Ok(if run.failed.is_empty() && complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Verifies anchors and reports. It returns an error only when it finds no anchors or keys, or cannot write its report.
pub(crate) async fn verify(args: &VerifyAnchorsArgs) -> anyhow::Result<ExitCode> {
    let service = args.service.find().await?;
    let trusted = keys(args, &service).await?;
    let anchors = anchors(args, &service)?;
    let (log, _) = alims_store::patient(&service.dynamodb, &service.log_table, &service.index_table);
    let ports = Ports { log, anchors, check: EcdsaCheck };
    let (interrupted, mut pace) = (interrupted(), Pace::new());
    let mut so_far = VerifiedAnchors::default();
    let remembered = args.remembered.as_ref().map(|Written(remembered)| remembered);
    let ended = verify_anchors(&ports, &args.tenant, &trusted, remembered, |verified| {
        pace.tell(|| summary(verified));
        let stop = interrupted.load(Ordering::Relaxed);
        if stop {
            so_far.clone_from(verified);
        }
        stopped(stop)
    });
    let (ended, error) = match ended.await {
        Ok(verified) => {
            so_far = verified;
            (if interrupted.load(Ordering::Relaxed) { "interrupted" } else { "complete" }, None)
        }
        Err(error) => ("failed", Some(format!("{:#}", anyhow::Error::from(error)))),
    };
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", document(ended, error.as_deref(), &so_far))?;
    } else {
        for finding in &so_far.findings {
            writeln!(out, "{}", line(finding))?;
        }
        writeln!(out, "{ended}: {}", summary(&so_far))?;
        if let Some(last) = &so_far.last {
            writeln!(out, "to write down: {}:{}", last.number, last.hash)?;
        }
    }
    conclude(ended, error.as_deref(), so_far.findings.is_empty())
}

/// The keys that are trusted.
async fn keys(args: &VerifyAnchorsArgs, service: &Service) -> anyhow::Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in &args.public_key {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        keys.push(public_key_from_pem(&text).with_context(|| format!("{} cannot be used", path.display()))?);
    }
    if keys.is_empty() {
        keys.push(match &service.anchoring {
            Some(Anchoring::Laptop(data)) => FileKey::load(&data.join(KEY))?.public_key().await?,
            Some(Anchoring::Stack { config, key, .. }) => KmsKey::new(config, key).public_key().await?,
            None => bail!("the stack names no signing key; deploy it again, or give --public-key"),
        });
    }
    Ok(keys)
}

/// The service's, or a copy that an auditor keeps.
fn anchors(args: &VerifyAnchorsArgs, service: &Service) -> anyhow::Result<Anchors> {
    if let Some(copy) = &args.anchors {
        anyhow::ensure!(copy.is_dir(), "there is no folder {}", copy.display());
        return Ok(Anchors::Folder(FolderAnchors::new(copy.clone())));
    }
    Ok(match &service.anchoring {
        Some(Anchoring::Laptop(data)) => Anchors::Folder(FolderAnchors::new(data.join(FOLDER))),
        Some(Anchoring::Stack { config, bucket, .. }) => Anchors::S3(S3Anchors::new(config, bucket)),
        None => bail!("the stack names no bucket of anchors; deploy it again, or give --anchors"),
    })
}

fn summary(verified: &VerifiedAnchors) -> String {
    let VerifiedAnchors { newest, anchors, entries, until, findings, more_findings, .. } = verified;
    let covered = until.map_or_else(|| "nothing".to_owned(), |until| format!("all before {until}"));
    let newest = counted(*newest, "anchor", "anchors");
    let entries = counted(*entries, "entry as anchored", "entries as anchored");
    let found = counted(findings.len() as u64, "finding", "findings");
    format!(
        "{anchors} of {newest} verified, {entries}, {covered} is covered without a gap, {found}{}",
        if *more_findings > 0 { format!(" and {more_findings} more") } else { String::new() }
    )
}

fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn line(finding: &Finding) -> String {
    match finding {
        Finding::Anchor { number, .. } => format!("{}: anchor {number}", finding.fault()),
        Finding::Log { number, leaf, .. } => {
            format!("{}: anchor {number}: {} of {}", finding.fault(), leaf.entry, leaf.at)
        }
    }
}

fn document(ended: &str, error: Option<&str>, verified: &VerifiedAnchors) -> Value {
    let findings = verified.findings.iter().map(|finding| {
        let leaf = match finding {
            Finding::Anchor { .. } => None,
            Finding::Log { leaf, .. } => Some(leaf),
        };
        json!({"fault": finding.fault(), "anchor": finding.number(), "entry": leaf})
    });
    json!({
        "ended": ended,
        "error": error,
        "newest": verified.newest,
        "anchors": verified.anchors,
        "entries": verified.entries,
        "covered_until": verified.until,
        "last": verified.last.as_ref().map(|last| json!({"number": last.number, "hash": last.hash})),
        "findings": findings.collect::<Vec<_>>(),
        "more_findings": verified.more_findings,
    })
}
