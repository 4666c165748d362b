//! Exports: where their parts and archives are kept, how an archive is written, and what carries on with a large one.

use alims_domain::export::{ExportId, ExportJob};
use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::{TenantId, WorkflowId};
use alims_domain::timestamp::Timestamp;
use std::future::Future;

use crate::list_activity::ShownEntry;
use crate::ports::failure::{Cause, StoreError};

/// An export and whose it is. A store keeps each tenant's exports apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExportPlace {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The export.
    pub export_id: ExportId,
}

impl ExportPlace {
    /// The place of a job.
    #[must_use]
    pub fn of(job: &ExportJob) -> Self {
        Self { tenant_id: job.tenant_id.clone(), export_id: job.export_id }
    }
}

/// A document of an export. A store keeps the first one of each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExportDocument {
    /// What was asked for.
    Job,
    /// Records, in the order in which they were read, counted from 1.
    Part(u32),
    /// How far a part came; kept after it.
    Progress(u32),
    /// The signature of the manifest.
    Signature,
    /// How it ended.
    Ending,
}

impl ExportDocument {
    /// The name in a store.
    #[must_use]
    pub fn stored_name(self) -> String {
        match self {
            Self::Job => "job.json".to_owned(),
            Self::Part(number) => format!("part-{number:08}.jsonl"),
            Self::Progress(number) => format!("progress-{number:08}.json"),
            Self::Signature => "signature.json".to_owned(),
            Self::Ending => "ending.json".to_owned(),
        }
    }
}

/// The name of an archive in a store.
pub const ARCHIVE_NAME: &str = "archive.zip";

/// Where an archive can be had for a while, without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportLink {
    /// The address.
    pub url: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// Keeps exports.
pub trait ExportStore: Send + Sync {
    /// An archive that is being written.
    type Upload: ExportUpload;

    /// Keeps a document if there is none of this name, and returns the one that is kept. Exactly one of several writers
    /// succeeds, and all get its bytes.
    fn keep(
        &self,
        place: &ExportPlace,
        document: ExportDocument,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, StoreError>> + Send;

    /// A document; none when there is none. The read MUST be consistent.
    fn kept(
        &self,
        place: &ExportPlace,
        document: ExportDocument,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Begins to write the archive. One that is there is replaced when the new one is complete.
    fn archive(&self, place: &ExportPlace) -> impl Future<Output = Result<Self::Upload, StoreError>> + Send;

    /// The address of the archive, which works for so many seconds from `now` on.
    fn link(
        &self,
        place: &ExportPlace,
        now: Timestamp,
        seconds: u32,
    ) -> impl Future<Output = Result<ExportLink, StoreError>> + Send;
}

/// An archive that is being written. It has its name only when it is complete.
pub trait ExportUpload: Send {
    /// Writes more of it. An adapter holds a bounded part in memory.
    fn write(&mut self, bytes: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Completes it.
    fn finish(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// An entry for an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedEntry {
    /// The entry's own time; none of an unreadable one that does not say it.
    pub at: Option<Timestamp>,
    /// The workflow; none of an audit entry.
    pub workflow_id: Option<WorkflowId>,
    /// The entry as the activity shows it.
    pub entry: ShownEntry,
}

/// Why an archive cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A record or the manifest has no canonical JSON, which is a bug.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// A kept part is none of this release.
    #[error("the archive cannot be written")]
    Broken(#[source] Cause),
}

/// What an archive holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Entries.
    pub entries: u64,
    /// Workflows.
    pub workflows: u64,
}

/// The form of archives.
pub trait ArchiveFormat: Send + Sync {
    /// An entry as a line of the records, its line end included.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    fn record(&self, entry: ExportedEntry) -> Result<Vec<u8>, NotCanonical>;

    /// Begins an archive.
    ///
    /// # Errors
    /// When it cannot be written.
    fn begin(&self, job: &ExportJob) -> Result<Box<dyn ArchiveWriter>, ArchiveError>;
}

/// Writes one archive, in this order: all records, the report if the records are few enough, the manifest, its
/// signature. The same calls make the same bytes.
pub trait ArchiveWriter: Send {
    /// Adds lines of records.
    ///
    /// # Errors
    /// When they are no records.
    fn records(&mut self, lines: &[u8]) -> Result<(), ArchiveError>;

    /// Whether the report wants the same lines once more.
    fn wants_a_report(&self) -> bool;

    /// Adds lines to the report.
    ///
    /// # Errors
    /// When they are no records.
    fn report(&mut self, lines: &[u8]) -> Result<(), ArchiveError>;

    /// Adds everything but the signature, and returns the manifest.
    ///
    /// # Errors
    /// When the manifest has no canonical JSON.
    fn manifest(&mut self, public_key_der: &[u8]) -> Result<Vec<u8>, ArchiveError>;

    /// Adds the signature and ends the archive.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self, signature: &[u8]) -> Result<(), ArchiveError>;

    /// The bytes that were written since the last call.
    fn take(&mut self) -> Vec<u8>;

    /// What it holds so far.
    fn counts(&self) -> ExportCounts;
}

/// Carries on with exports that are too large for a request.
pub trait ExportStarter: Send + Sync {
    /// Has the steps of an export made until it ends. Of one that is under way or has ended nothing more is made.
    fn start(&self, place: &ExportPlace) -> impl Future<Output = Result<(), StoreError>> + Send;
}
