//! The handler of anchor-heads. A schedule calls it, and an operator on request.

use alims_domain::identifiers::TenantId;
use alims_operations::anchor_heads::{self as operation, Ports};
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{ActivityLog, AnchorStore, IndexWalk, Signer};
use alims_runtime::Failure;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "anchor-heads";

/// The schedule's event, of which nothing is read, or an operator's.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AnchorEvent {
    /// The tenants to anchor; every known one when there are none.
    #[serde(default)]
    pub tenant_ids: Vec<TenantId>,
}

/// The result of a run, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorReport {
    /// Tenants that are covered up to now, or for which an anchor was made.
    pub tenants: usize,
    /// The anchors that were made.
    pub anchors: u64,
    /// The entries in them.
    pub entries: u64,
    /// Tenants for which no anchor could be made.
    pub failed: usize,
    /// Whether every known tenant is covered up to now. Otherwise the next run continues.
    pub finished: bool,
}

/// Makes the anchors that are due.
///
/// # Errors
/// When the tenants cannot be found, or an anchor could not be made for one. Lambda then tries again, and what was made
/// stays.
pub async fn anchor_heads<L, I, A, S>(ports: &Ports<L, I, A, S>, event: AnchorEvent) -> Result<AnchorReport, Failure>
where
    L: ActivityLog,
    I: IndexWalk,
    A: AnchorStore,
    S: Signer,
{
    let span = tracing::info_span!("anchor", operation = OPERATION);
    let run = operation::anchor_heads(ports, &event.tenant_ids).instrument(span.clone()).await;
    let _entered = span.entered();
    let is_done = run.as_ref().is_ok_and(|run| run.failed.is_empty());
    metrics::answered(OPERATION, if is_done { Outcome::Done } else { Outcome::Failed });
    let run = run.map_err(|error| {
        let failure = Failure::new("AnchoringFailed", &error);
        tracing::error!(why = %failure, "the tenants to anchor could not be found");
        failure
    })?;
    for (tenant, why) in &run.failed {
        tracing::error!(%tenant, why, "no anchor could be made for the tenant");
    }
    for tenant in run.tenants.iter().filter(|tenant| tenant.made > 0) {
        let (id, newest, until) = (&tenant.tenant_id, tenant.newest, tenant.until);
        tracing::info!(tenant = %id, newest, %until, entries = tenant.entries, "anchored");
    }
    let report = AnchorReport {
        tenants: run.tenants.len(),
        anchors: run.tenants.iter().map(|tenant| tenant.made).sum(),
        entries: run.tenants.iter().map(|tenant| tenant.entries).sum(),
        failed: run.failed.len(),
        finished: run.all_known && run.left == 0 && run.tenants.iter().all(|tenant| tenant.finished),
    };
    if !report.finished {
        tracing::warn!(?report, "the time of the run was over; the next one continues");
    }
    if let Some((tenant, why)) = run.failed.first() {
        return Err(Failure::new("AnchoringFailed", &NotAnchored { tenant: tenant.clone(), why: why.clone() }));
    }
    Ok(report)
}

/// The first tenant for which no anchor could be made.
#[derive(Debug)]
struct NotAnchored {
    tenant: TenantId,
    why: String,
}

impl std::fmt::Display for NotAnchored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no anchor could be made for {}: {}", self.tenant, self.why)
    }
}

impl std::error::Error for NotAnchored {}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::projection::IndexEntry;
    use alims_testing::builders::{a_created, at};
    use alims_testing::{FixedClock, MemoryAnchors, MemoryIndex, MemoryLog, NamedKey};
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_schedule_s_event_of_any_shape_anchors_every_tenant_and_a_failure_is_an_error() {
        let (log, index, anchors) = (MemoryLog::default(), MemoryIndex::default(), MemoryAnchors::default());
        let created = a_created("w");
        index.overwrite(IndexEntry::from(&created.event));
        log.overwrite(created);
        let clock = Arc::new(FixedClock::new(at(24 * 3_600_000)));
        let ports =
            Ports { log, index, anchors: anchors.clone(), signer: NamedKey("the key"), clock, entries_max: 100 };
        let scheduled = json!({"version": "0", "detail-type": "Scheduled Event", "detail": {}});
        for event in [scheduled, json!({"tenant_ids": ["default"]})] {
            let event: AnchorEvent = serde_json::from_value(event).expect("an event");
            let report = anchor_heads(&ports, event).await.expect("a run");
            assert_eq!((report.tenants, report.failed, report.finished), (1, 0, true));
        }
        let tenant = "default".parse().expect("a tenant");
        assert_eq!(anchors.manifest(&tenant, 1).entries, 1);
        anchors.overwrite(&tenant, 1, b"no anchor".to_vec());
        let failure = anchor_heads(&ports, AnchorEvent::default()).await.expect_err("it cannot go on from there");
        assert!(failure.to_string().contains("default"), "{failure}");
    }
}
