//! Writes an archive as a stream of bytes. The same records make the same bytes.

use alims_domain::export::{EXPORT_FORMAT, ExportHead, ExportId, ExportJob, ExportSelection};
use alims_domain::hashing::{NotCanonical, canonical_json};
use alims_domain::identifiers::{PrincipalId, Reason, TenantId};
use alims_domain::limits::EXPORT_REPORT_ENTRIES_MAX;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{ArchiveError, ArchiveFormat, ArchiveWriter, ExportCounts, ExportedEntry};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::names::{MANIFEST, PUBLIC_KEY, README, RECORDS, REPORT, SIGNATURE, VERIFY};
use crate::record;
use crate::report::{Report, is_unreadable};

const VERIFY_PY: &str = include_str!("../archive/verify.py");
const README_TXT: &str = include_str!("../archive/README.txt");

/// Archives in the zip format.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZipFormat;

impl ArchiveFormat for ZipFormat {
    fn record(&self, entry: ExportedEntry) -> Result<Vec<u8>, NotCanonical> {
        record::line(entry)
    }

    fn begin(&self, job: &ExportJob) -> Result<Box<dyn ArchiveWriter>, ArchiveError> {
        let sink = Sink::default();
        let mut writer = Writer {
            zip: ZipWriter::new_stream(sink.clone()),
            sink,
            open: None,
            files: Vec::new(),
            job: job.clone(),
            counts: ExportCounts::default(),
            workflows: HashSet::new(),
            unreadable: 0,
            report: None,
        };
        writer.open(RECORDS, true)?;
        Ok(Box::new(writer))
    }
}

/// Where the zip goes until it is taken.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of the archive, as the manifest names it.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    bytes: u64,
    sha256: String,
}

/// A file that is being written.
struct Open {
    name: &'static str,
    bytes: u64,
    hasher: Sha256,
}

struct Writer {
    zip: ZipWriter<StreamWriter<Sink>>,
    sink: Sink,
    open: Option<Open>,
    files: Vec<Listed>,
    job: ExportJob,
    counts: ExportCounts,
    /// Half a digest of each workflow's id: bounded memory at a million workflows.
    workflows: HashSet<[u8; 16]>,
    /// Entries that the service could not read.
    unreadable: u64,
    report: Option<Report>,
}

#[derive(Serialize)]
struct Manifest<'a> {
    format: u64,
    export_id: ExportId,
    tenant_id: &'a TenantId,
    selection: &'a ExportSelection,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Reason>,
    requested_by: &'a PrincipalId,
    requested_at: Timestamp,
    cut: Timestamp,
    entries: u64,
    workflows: u64,
    heads: Vec<&'a ExportHead>,
    files: &'a [Listed],
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    workflow_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    entry: NamedEntry<'a>,
}

#[derive(Deserialize)]
struct NamedEntry<'a> {
    #[serde(borrow)]
    event_type: Option<Cow<'a, str>>,
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ArchiveError {
    ArchiveError::Broken(error.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Writer {
    fn open(&mut self, name: &'static str, may_be_large: bool) -> Result<(), ArchiveError> {
        self.close();
        // The instant of zip's epoch: the archive has its instants in the manifest.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(may_be_large);
        self.zip.start_file(name, options).map_err(broken)?;
        self.open = Some(Open { name, bytes: 0, hasher: Sha256::new() });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(Open { name, bytes, hasher }) = self.open.take() {
            self.files.push(Listed { name, bytes, sha256: hex(&hasher.finalize()) });
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        if let Some(open) = &mut self.open {
            open.bytes = open.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            open.hasher.update(bytes);
        }
        self.zip.write_all(bytes).map_err(broken)
    }

    fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.open(name, false)?;
        self.write(bytes)
    }
}

fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

impl ArchiveWriter for Writer {
    fn records(&mut self, lines: &[u8]) -> Result<(), ArchiveError> {
        for line in each_line(lines) {
            let named: Named<'_> = serde_json::from_slice(line).map_err(broken)?;
            self.counts.entries = self.counts.entries.saturating_add(1);
            if is_unreadable(named.entry.event_type.as_deref()) {
                self.unreadable = self.unreadable.saturating_add(1);
            }
            if let Some(workflow_id) = named.workflow_id {
                let digest = Sha256::digest(workflow_id.as_bytes());
                let mut half = [0; 16];
                for (to, from) in half.iter_mut().zip(digest) {
                    *to = from;
                }
                self.workflows.insert(half);
            }
        }
        self.counts.workflows = u64::try_from(self.workflows.len()).unwrap_or(u64::MAX);
        self.write(lines)
    }

    fn wants_a_report(&self) -> bool {
        self.counts.entries <= EXPORT_REPORT_ENTRIES_MAX
    }

    fn report(&mut self, lines: &[u8]) -> Result<(), ArchiveError> {
        let mut html = String::new();
        if self.report.is_none() {
            self.open(REPORT, true)?;
            html.push_str(&Report::head(&self.job, self.counts, self.unreadable));
        }
        let mut report = self.report.take().unwrap_or_default();
        for line in each_line(lines) {
            let record: Value = serde_json::from_slice(line).map_err(broken)?;
            html.push_str(&report.row(&self.job, record));
        }
        self.report = Some(report);
        self.write(html.as_bytes())
    }

    fn manifest(&mut self, public_key_der: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        let html = match self.report.take() {
            Some(report) => report.end(),
            None => {
                self.open(REPORT, false)?;
                Report::head(&self.job, self.counts, self.unreadable) + &Report::too_long()
            }
        };
        self.write(html.as_bytes())?;
        self.file(README, README_TXT.as_bytes())?;
        self.file(VERIFY, VERIFY_PY.as_bytes())?;
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let key = pem::encode_config(&pem::Pem::new("PUBLIC KEY", public_key_der), config);
        self.file(PUBLIC_KEY, key.as_bytes())?;
        self.close();
        let manifest = canonical_json(&Manifest {
            format: EXPORT_FORMAT,
            export_id: self.job.export_id,
            tenant_id: &self.job.tenant_id,
            selection: &self.job.selection,
            reason: self.job.reason.as_ref(),
            requested_by: &self.job.requested_by,
            requested_at: self.job.requested_at,
            cut: self.job.cut,
            entries: self.counts.entries,
            workflows: self.counts.workflows,
            heads: self.job.head.iter().collect(),
            files: &self.files,
        })?;
        let manifest = manifest.as_bytes().to_vec();
        self.file(MANIFEST, &manifest)?;
        Ok(manifest)
    }

    fn finish(&mut self, signature: &[u8]) -> Result<(), ArchiveError> {
        self.file(SIGNATURE, signature)?;
        let zip = std::mem::replace(&mut self.zip, ZipWriter::new_stream(Sink::default()));
        zip.finish().map(drop).map_err(broken)
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.sink.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn counts(&self) -> ExportCounts {
        self.counts
    }
}
