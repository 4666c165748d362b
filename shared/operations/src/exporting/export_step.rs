//! One step of an export: a bounded number of parts, or the archive. May be interrupted and repeated anywhere.

use alims_domain::audit_entry::{AuditAct, AuditEntry, StoredAuditEntry};
use alims_domain::export::{EXPORT_FORMAT, ExportEnding, ExportFailure, ExportJob, ExportSelection, ExportedArchive};
use alims_domain::hashing::{ChainHash, NotCanonical};
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::EventId;
use alims_domain::limits::{EXPORT_ENTRIES_MAX, EXPORT_PART_PAGES, EXPORT_STEP_PARTS};
use alims_domain::sealed::Sealed;
use sha2::{Digest, Sha256};

use crate::exporting::ExportPorts;
use crate::exporting::documents::{Progress, SignedManifest, ending, job, last_part, parted, read, written};
use crate::exporting::reading::{ExportedLog, read_part};
use crate::ports::{
    ArchiveError, ArchiveWriter, AuditEntries, AuditRecorded, ExportDocument, ExportPlace, ExportStore, ExportUpload,
    Signer, SignerError, StoreError,
};

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportNext {
    /// Another step.
    Step,
    /// Nothing: the export has ended.
    Nothing,
}

/// Why a step failed. It may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ExportStepError {
    /// The tenant has no such export.
    #[error("there is no such export")]
    NotFound,
    /// The log or the store of exports failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no signature.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The archive cannot be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The audit entry has no canonical JSON, which is a bug.
    #[error(transparent)]
    Bug(#[from] NotCanonical),
}

impl ExportStepError {
    /// The name by which the state machine recognises the temporary errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Unavailable(_)) | Self::Signer(SignerError::Unavailable(_)) => "StorageUnavailable",
            Self::Store(StoreError::Refused(_) | StoreError::NewerFormat(_))
            | Self::Signer(SignerError::Refused(_))
            | Self::NotFound
            | Self::Archive(_)
            | Self::Bug(_) => "ExportFailed",
        }
    }
}

/// Makes one step of an export.
///
/// # Errors
/// When a port fails. What was kept stays, and the next step continues from there.
pub async fn export_step<L: ExportedLog + AuditEntries, X: ExportStore, S: Signer>(
    ports: &ExportPorts<L, X, S>,
    place: &ExportPlace,
) -> Result<ExportNext, ExportStepError> {
    let Some(job) = job(&ports.store, place).await? else { return Err(ExportStepError::NotFound) };
    if ending(&ports.store, place).await?.is_some() {
        return Ok(ExportNext::Nothing);
    }
    let last = last_part(&ports.store, place).await?;
    let (mut parts, mut progress) = last.map_or((0, None), |(number, progress)| (number, Some(progress)));
    for _part in 0..EXPORT_STEP_PARTS {
        if progress.as_ref().is_some_and(|progress| progress.next.is_none()) {
            break;
        }
        parts = parts.saturating_add(1);
        let made = part(ports, place, &job, (parts, progress.as_ref()), EXPORT_PART_PAGES).await?;
        if made.entries > EXPORT_ENTRIES_MAX {
            fail_export(ports, place, ExportFailure::ExportTooLarge).await?;
            return Ok(ExportNext::Nothing);
        }
        progress = Some(made);
    }
    match progress {
        Some(Progress { next: None, entries: 0, .. }) => {
            fail_export(ports, place, ExportFailure::NothingToExport).await?;
            Ok(ExportNext::Nothing)
        }
        Some(Progress { next: None, .. }) => {
            assemble(ports, place, &job, parts).await?;
            Ok(ExportNext::Nothing)
        }
        Some(_) | None => Ok(ExportNext::Step),
    }
}

/// Records that an export failed, unless it has ended.
///
/// # Errors
/// When the store fails.
pub async fn fail_export<L, X: ExportStore, S>(
    ports: &ExportPorts<L, X, S>,
    place: &ExportPlace,
    failure: ExportFailure,
) -> Result<(), StoreError> {
    let ended_at = ports.clock.now();
    let ending = ExportEnding { format: EXPORT_FORMAT, ended_at, archive: None, failure: Some(failure) };
    ports.store.keep(place, ExportDocument::Ending, written(&ending)?).await.map(drop)
}

/// Makes the part of this number, which continues behind the one before it, or meets the one that is kept. It reads so
/// many pages of the log at most.
pub(crate) async fn part<L: ExportedLog, X: ExportStore, S>(
    ports: &ExportPorts<L, X, S>,
    place: &ExportPlace,
    job: &ExportJob,
    (number, before): (u32, Option<&Progress>),
    pages: usize,
) -> Result<Progress, StoreError> {
    let after = before.and_then(|before| before.next.clone());
    let read_now = read_part(&ports.log, ports.format.as_ref(), job, after, pages).await?;
    let entries = before.map_or(0, |before| before.entries).saturating_add(read_now.entries);
    let progress = Progress { format: EXPORT_FORMAT, entries, next: read_now.next };
    let mut bytes = written(&progress)?;
    bytes.push(b'\n');
    bytes.extend(read_now.lines);
    let kept = ports.store.keep(place, ExportDocument::Part(number), bytes).await?;
    // Another run may have kept it first: what it read is what counts.
    let (first, _) = parted(&kept);
    let progress: Progress = read(ExportDocument::Part(number), first)?;
    ports.store.keep(place, ExportDocument::Progress(number), first.to_vec()).await?;
    Ok(progress)
}

/// Writes the archive, records that it leaves the service, and only then says that it is there.
async fn assemble<L: ExportedLog + AuditEntries, X: ExportStore, S: Signer>(
    ports: &ExportPorts<L, X, S>,
    place: &ExportPlace,
    job: &ExportJob,
    parts: u32,
) -> Result<(), ExportStepError> {
    let mut writer = ports.format.begin(job)?;
    let mut sent = Sent { upload: ports.store.archive(place).await?, hasher: Sha256::new(), bytes: 0 };
    for number in order(job, parts) {
        writer.records(parted(&kept_part(&ports.store, place, number).await?).1)?;
        sent.send(writer.as_mut()).await?;
    }
    if writer.wants_a_report() {
        for number in order(job, parts) {
            writer.report(parted(&kept_part(&ports.store, place, number).await?).1)?;
            sent.send(writer.as_mut()).await?;
        }
    }
    let manifest = writer.manifest(&ports.signer.public_key().await?.0)?;
    writer.finish(&signature(ports, place, &manifest).await?)?;
    sent.send(writer.as_mut()).await?;
    let Sent { upload, hasher, bytes } = sent;
    upload.finish().await?;
    let (counts, manifest_sha256) = (writer.counts(), ChainHash::of(&manifest));
    record(ports, job, counts.workflows, counts.entries, manifest_sha256.clone()).await?;
    let archive = ExportedArchive {
        entries: counts.entries,
        workflows: counts.workflows,
        bytes,
        sha256: ChainHash::of_digest(hasher.finalize().into()),
        manifest_sha256,
    };
    let ended_at = ports.clock.now();
    let ending = ExportEnding { format: EXPORT_FORMAT, ended_at, archive: Some(archive), failure: None };
    ports.store.keep(place, ExportDocument::Ending, written(&ending)?).await?;
    Ok(())
}

/// The archive on its way to the store.
struct Sent<U> {
    upload: U,
    hasher: Sha256,
    bytes: u64,
}

impl<U: ExportUpload> Sent<U> {
    async fn send(&mut self, writer: &mut dyn ArchiveWriter) -> Result<(), StoreError> {
        let bytes = writer.take();
        self.hasher.update(&bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.upload.write(bytes).await
    }
}

/// The signature of the manifest. It is kept once, because two signatures of one text differ, and every run is to make
/// the same archive.
async fn signature<L, X: ExportStore, S: Signer>(
    ports: &ExportPorts<L, X, S>,
    place: &ExportPlace,
    manifest: &[u8],
) -> Result<Vec<u8>, ExportStepError> {
    let manifest_sha256 = ChainHash::of(manifest);
    let kept = match ports.store.kept(place, ExportDocument::Signature).await? {
        Some(kept) => kept,
        None => {
            let signature = hex::encode(ports.signer.sign(manifest).await?.0);
            let signed = SignedManifest { format: EXPORT_FORMAT, manifest_sha256: manifest_sha256.clone(), signature };
            ports.store.keep(place, ExportDocument::Signature, written(&signed)?).await?
        }
    };
    let signed: SignedManifest = read(ExportDocument::Signature, &kept)?;
    if signed.manifest_sha256 != manifest_sha256 {
        // A release with another report or another program was deployed meanwhile. The export fails, and the next one
        // is made whole by one release.
        return Err(StoreError::Refused("another release began this archive".into()).into());
    }
    hex::decode(&signed.signature).map_err(|error| StoreError::Refused(error.into()).into())
}

/// The parts in the order of the archive, which is oldest first.
fn order(job: &ExportJob, parts: u32) -> Vec<u32> {
    match job.selection {
        ExportSelection::Workflow(_) => (1..=parts).collect(),
        ExportSelection::Period(_) => (1..=parts).rev().collect(),
    }
}

async fn kept_part<X: ExportStore>(store: &X, place: &ExportPlace, number: u32) -> Result<Vec<u8>, StoreError> {
    let kept = store.kept(place, ExportDocument::Part(number)).await?;
    kept.ok_or_else(|| StoreError::Refused(format!("part {number} is gone").into()))
}

/// Records the export in the audit trail, once however often the step is repeated.
async fn record<L: AuditEntries, X, S>(
    ports: &ExportPorts<L, X, S>,
    job: &ExportJob,
    workflows: u64,
    entries: u64,
    manifest_sha256: ChainHash,
) -> Result<(), ExportStepError> {
    let exported = job.exported(workflows, entries, manifest_sha256);
    let key = format!("export:{}", job.export_id);
    let key = key.parse().map_err(|_| StoreError::Refused("an export's id is no key".into()))?;
    let request = Some(RepeatableRequest::new(&job.requested_by, &key, &exported)?);
    let entry = AuditEntry {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: job.tenant_id.clone(),
        timestamp: ports.clock.now(),
        requested_by: job.requested_by.clone(),
        reason: job.reason.clone(),
        correlation_id: job.correlation_id.clone(),
        act: AuditAct::RecordsExported(exported),
    };
    match ports.log.record_audit(&StoredAuditEntry { entry: Sealed::new(entry)?, request }).await? {
        AuditRecorded::Entry(_) => Ok(()),
        AuditRecorded::KeyReused => {
            Err(StoreError::Refused("another archive of this export was recorded".into()).into())
        }
    }
}
