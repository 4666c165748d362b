//! Exports records: a small export is made within the request, a large one by a job.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::export::{EXPORT_FORMAT, ExportFailure, ExportHead, ExportId, ExportJob, ExportSelection};
use alims_domain::identifiers::Reason;
use alims_domain::limits::{ACTIVITY_SETTLED_SECONDS, EXPORT_REQUEST_PAGES};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;

use crate::errors::{Bug, Forbidden};
use crate::exporting::ExportPorts;
use crate::exporting::documents::{Progress, ending, last_part, read, written};
use crate::exporting::export_step::{ExportNext, ExportStepError, export_step, part};
use crate::exporting::get_export::{ExportFound, found_of};
use crate::exporting::reading::ExportedLog;
use crate::head::newest;
use crate::permission::permitted;
use crate::ports::{
    AccessPolicy, AuditEntries, ExportDocument, ExportPlace, ExportStarter, ExportStore, Signer, StoreError,
};

/// The ports of export-records.
#[derive(Clone)]
pub struct Ports<L, X, S, J> {
    /// What makes an export.
    pub exporting: ExportPorts<L, X, S>,
    /// What carries on with a large one.
    pub starter: J,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
}

/// What to export, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExport {
    /// The records.
    pub selection: ExportSelection,
    /// Why.
    pub reason: Option<Reason>,
}

/// An export that was asked for.
#[derive(Debug)]
pub struct Exported {
    /// The export as it is now.
    pub found: ExportFound,
    /// Whether an earlier request with the same key had asked for it.
    pub repeated: bool,
    /// Why the request could not complete it, for the service's own log. A job continues.
    pub interruption: Option<ExportStepError>,
}

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportRecordsError {
    /// The caller may not export.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    WorkflowNotFound,
    /// The selection has no entries.
    #[error("the selection has no entries")]
    Nothing,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The log, the store of exports or the starter of jobs failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// Exports records. The same request with the same idempotency key gets the first one's export. The caller brings a timer,
/// as it does the ports: when it ends, a job continues with what the request has not made.
///
/// # Errors
/// When the caller may not export, nothing is selected, the key is another request's, or a port fails.
pub async fn export_records<L: ExportedLog + AuditEntries, X: ExportStore, S: Signer, J: ExportStarter>(
    ports: &Ports<L, X, S, J>,
    call: &Call,
    new: &NewExport,
    time: impl Future<Output = ()>,
) -> Result<Exported, ExportRecordsError> {
    let (exporting, principal) = (&ports.exporting, &call.principal);
    let tenant_id = &principal.tenant_id;
    permitted(ports.policy.as_ref(), call, Action::ExportRecords, Resource::of_tenant(tenant_id))?;
    let export_id = call
        .idempotency_key
        .as_ref()
        .map_or_else(|| ExportId::fresh(exporting.ids.fresh()), |key| ExportId::derived(tenant_id, &principal.id, key));
    let place = ExportPlace { tenant_id: tenant_id.clone(), export_id };
    let job = asked(exporting, call, new, export_id).await?;
    let kept = exporting.store.keep(&place, ExportDocument::Job, written(&job)?).await?;
    let kept: ExportJob = read(ExportDocument::Job, &kept)?;
    if kept.selection != job.selection || kept.reason != job.reason {
        return Err(ExportRecordsError::KeyReused);
    }
    let repeated = kept != job;
    let mut interruption = None;
    if ending(&exporting.store, &place).await?.is_none() {
        let making = pin!(made(exporting, &place, &kept));
        let time = pin!(time);
        let is_made = match select(making, time).await {
            Either::Left((Ok(made), _)) => made,
            // Whatever stopped the request, a kept export needs a job: it continues, or says why the export failed.
            Either::Left((Err(error), _)) => {
                interruption = Some(error);
                false
            }
            Either::Right(((), _)) => false,
        };
        if !is_made {
            ports.starter.start(&place).await?;
        }
    }
    let found = found_of(&exporting.store, exporting.clock.as_ref(), kept).await?;
    match found.ending.as_ref().and_then(|ending| ending.failure) {
        Some(ExportFailure::NothingToExport) => Err(ExportRecordsError::Nothing),
        Some(ExportFailure::ExportTooLarge | ExportFailure::ExportInterrupted) | None => {
            Ok(Exported { found, repeated, interruption })
        }
    }
}

/// The job of this request.
async fn asked<L: ExportedLog, X, S>(
    exporting: &ExportPorts<L, X, S>,
    call: &Call,
    new: &NewExport,
    export_id: ExportId,
) -> Result<ExportJob, ExportRecordsError> {
    let requested_at = exporting.clock.now();
    let principal = &call.principal;
    let job = ExportJob {
        format: EXPORT_FORMAT,
        export_id,
        tenant_id: principal.tenant_id.clone(),
        selection: new.selection.clone(),
        reason: new.reason.clone(),
        requested_by: principal.id.clone(),
        requested_at,
        correlation_id: call.correlation_id.clone(),
        cut: requested_at,
        head: None,
    };
    let Some(key) = job.workflow() else {
        // An entry gets its time before it is stored, so one of the last moments can still come.
        return Ok(ExportJob { cut: requested_at.earlier_by_seconds(ACTIVITY_SETTLED_SECONDS), ..job });
    };
    let Some(newest) = newest(&exporting.log, &key).await? else { return Err(ExportRecordsError::WorkflowNotFound) };
    let hash = newest.event().map(|event| event.hash.clone());
    let head = ExportHead { workflow_id: key.workflow_id, version: newest.version(), hash };
    Ok(ExportJob { head: Some(head), ..job })
}

/// Makes the first part and, if that is all, the archive. Says whether it did.
async fn made<L: ExportedLog + AuditEntries, X: ExportStore, S: Signer>(
    exporting: &ExportPorts<L, X, S>,
    place: &ExportPlace,
    job: &ExportJob,
) -> Result<bool, ExportStepError> {
    let progress = match last_part(&exporting.store, place).await? {
        Some((_, progress)) => progress,
        None => part(exporting, place, job, (1, None), EXPORT_REQUEST_PAGES).await?,
    };
    match progress {
        Progress { next: None, .. } => Ok(export_step(exporting, place).await? == ExportNext::Nothing),
        Progress { next: Some(_), .. } => Ok(false),
    }
}
