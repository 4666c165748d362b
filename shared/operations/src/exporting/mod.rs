//! Exports of records. A job is made of steps that may be interrupted and repeated anywhere.
//!
//! Everything that a step makes is kept once under a name that follows from the job, so a repeated step meets its own
//! work: it reads the last part that is there and continues behind it. A part is as it was when it was first written,
//! and the archive follows from the parts and the kept signature, so all runs make the same archive.

pub mod export_records;
pub mod export_step;
pub mod get_export;

mod documents;
mod reading;

pub use reading::ExportedLog;

use std::sync::Arc;

use crate::ports::{ArchiveFormat, Clock, Ids};

/// What makes an export.
#[derive(Clone)]
pub struct ExportPorts<L, X, S> {
    /// The log.
    pub log: L,
    /// Where exports are kept.
    pub store: X,
    /// The key under the manifests.
    pub signer: S,
    /// The form of the archives.
    pub format: Arc<dyn ArchiveFormat>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}
