//! The handler of recover-failed-workflow: it takes the event of a failure, as EventBridge delivers it.

use alims_domain::identifiers::{CorrelationId, TenantId, Version, WorkflowId, WorkflowKey};
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{RecoveryLog, RecoveryStarter, WorkflowLog};
use alims_operations::recover_failed_workflow::Ports;
use alims_operations::recover_failed_workflow::{self as operation, FailureHandled, PublishedFailure};
use alims_runtime::Failure;
use serde::Deserialize;
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "recover-failed-workflow";

/// The parts of an event that are read. The log says whether it is the event of a retryable failure.
#[derive(Clone, Debug, Deserialize)]
pub struct FailureEvent {
    /// The content of the event.
    pub detail: FailureDetail,
}

/// The content of the event.
#[derive(Clone, Debug, Deserialize)]
pub struct FailureDetail {
    /// The tenant of the failed workflow.
    pub tenant_id: TenantId,
    /// The failed workflow.
    pub workflow_id: WorkflowId,
    /// The version that the failure made.
    pub version: Version,
    /// Links it to its cause in other services.
    #[serde(default)]
    pub correlation_id: Option<CorrelationId>,
}

/// Starts the recovery of one failed workflow, if it needs one.
///
/// # Errors
/// When log or starter fail: EventBridge then delivers the event again.
pub async fn recover_failed_workflow<L, S>(ports: &Ports<L, S>, event: FailureEvent) -> Result<(), Failure>
where
    L: WorkflowLog + RecoveryLog,
    S: RecoveryStarter,
{
    let FailureDetail { tenant_id, workflow_id, version, correlation_id } = event.detail;
    let key = WorkflowKey { tenant_id, workflow_id };
    let failure = PublishedFailure { key, version, correlation_id };
    let span = tracing::info_span!(
        "failure",
        operation = OPERATION,
        correlation_id = failure.correlation_id.as_ref().map(CorrelationId::as_str),
        key = %failure.key,
        version = failure.version.get(),
    );
    let handled = operation::recover_failed_workflow(ports, &failure).instrument(span.clone()).await;
    let _entered = span.entered();
    metrics::answered(OPERATION, if handled.is_ok() { Outcome::Done } else { Outcome::Failed });
    match handled {
        Ok(FailureHandled::Started(claim)) => {
            let (recovery_id, delay_seconds) = (&claim.recovery_id, claim.delay_seconds);
            tracing::info!(%recovery_id, delay_seconds, "under way");
            Ok(())
        }
        Ok(FailureHandled::Left(why)) => {
            tracing::info!(?why, "left alone");
            Ok(())
        }
        Err(error) => {
            let failure = Failure::new("RecoveryNotStarted", &error);
            tracing::warn!(why = %failure, "not started");
            Err(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::bus_event::BusEvent;
    use alims_domain::lifecycle::State;
    use alims_testing::builders::{a_created, a_move, at};
    use alims_testing::{FixedClock, MemoryLog, MemoryStarter};
    use serde_json::{Value, json};
    use std::sync::Arc;

    #[tokio::test]
    async fn an_event_as_it_is_published_starts_one_recovery() {
        let (log, starter) = (MemoryLog::default(), MemoryStarter::default());
        let created = a_created("w");
        let active = a_move(&created, State::Active);
        let failed = a_move(&active, State::Failed);
        let detail: Value =
            serde_json::from_str(&BusEvent::of_version(&failed.event).expect("an event").detail).expect("JSON");
        [created, active, failed].into_iter().for_each(|version| log.overwrite(version));
        let ports = Ports { log, starter: starter.clone(), clock: Arc::new(FixedClock::new(at(9000))) };
        let event = json!({"version": "0", "detail-type": "WorkflowStateChanged", "detail": detail});
        for _ in 0..2 {
            let event: FailureEvent = serde_json::from_value(event.clone()).expect("an event of a failure");
            recover_failed_workflow(&ports, event).await.expect("a start");
        }
        assert_eq!(starter.started(), 1);
    }
}
