//! Reads what became of an export.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::export::{ExportEnding, ExportId, ExportJob};
use alims_domain::limits::EXPORT_LINK_SECONDS;
use std::sync::Arc;

use crate::errors::Forbidden;
use crate::exporting::documents::{ending, job, last_part};
use crate::permission::permitted;
use crate::ports::{AccessPolicy, Clock, ExportLink, ExportPlace, ExportStore, StoreError};

/// The ports of get-export.
#[derive(Clone)]
pub struct Ports<X> {
    /// Where exports are kept.
    pub store: X,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// An export as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFound {
    /// What was asked for.
    pub job: ExportJob,
    /// The entries so far.
    pub entries: u64,
    /// How it ended; none while it runs.
    pub ending: Option<ExportEnding>,
    /// Where the archive can be had.
    pub link: Option<ExportLink>,
}

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GetExportError {
    /// The tenant has no such export.
    #[error("there is no such export")]
    NotFound,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads an export of the caller's tenant.
///
/// # Errors
/// When there is none, the caller may not read it, or the store fails.
pub async fn get_export<X: ExportStore>(
    ports: &Ports<X>,
    call: &Call,
    export_id: ExportId,
) -> Result<ExportFound, GetExportError> {
    let tenant_id = &call.principal.tenant_id;
    permitted(ports.policy.as_ref(), call, Action::GetExport, Resource::of_tenant(tenant_id))?;
    let place = ExportPlace { tenant_id: tenant_id.clone(), export_id };
    found(&ports.store, ports.clock.as_ref(), &place).await?.ok_or(GetExportError::NotFound)
}

/// The export at a place; none when there is none.
pub(crate) async fn found<X: ExportStore>(
    store: &X,
    clock: &dyn Clock,
    place: &ExportPlace,
) -> Result<Option<ExportFound>, StoreError> {
    match job(store, place).await? {
        Some(job) => found_of(store, clock, job).await.map(Some),
        None => Ok(None),
    }
}

/// The export of a job that is kept.
pub(crate) async fn found_of<X: ExportStore>(
    store: &X,
    clock: &dyn Clock,
    job: ExportJob,
) -> Result<ExportFound, StoreError> {
    let place = &ExportPlace::of(&job);
    let ending = ending(store, place).await?;
    let archive = ending.as_ref().and_then(|ending| ending.archive.as_ref());
    let (entries, link) = match archive {
        Some(archive) => (archive.entries, Some(store.link(place, clock.now(), EXPORT_LINK_SECONDS).await?)),
        None => (last_part(store, place).await?.map_or(0, |(_, progress)| progress.entries), None),
    };
    Ok(ExportFound { job, entries, ending, link })
}
