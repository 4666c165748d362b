//! The handler of sweep-workflows. Only a schedule calls it.

use alims_domain::identifiers::CorrelationId;
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{
    LogWalk, OpenWorkflows, QuarantineLog, RecoveryLog, RecoveryStarter, SweepPositions, WorkflowIndex, WorkflowLog,
};
use alims_operations::sweep_workflows::{self as operation, Ports};
use alims_runtime::Failure;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "sweep-workflows";

/// The schedule's event. Its content is not read.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ScheduledEvent {}

/// The result of a sweep, for operators.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepReport {
    /// Open workflows compared with the log.
    pub open: u64,
    /// The share of the open workflows that this was, in percent; null when the index cannot tell which are open.
    pub coverage_percent: Option<f64>,
    /// Workflows of the log that the round checked.
    pub workflows: u64,
    /// Workflows whose index entry was behind the log, missing or wrong.
    pub behind: u64,
    /// Workflows for which the time was over.
    pub left: u64,
    /// Recoveries started.
    pub started: u64,
    /// Breaks recorded.
    pub quarantined: u64,
    /// Recoveries that had ended without an outcome.
    pub closed: u64,
    /// Workflows that could not be checked or repaired.
    pub failed: usize,
    /// Whether the round reached the end of the log.
    pub finished: bool,
    /// Seconds since the last complete round.
    pub round_age_seconds: u64,
}

/// Sweeps the open workflows and a bounded part of the log.
///
/// # Errors
/// When the log or the index cannot be walked; the next sweep starts at the same position.
pub async fn sweep_workflows<L, I, S, P>(ports: &Ports<L, I, S, P>, _: ScheduledEvent) -> Result<SweepReport, Failure>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk,
    I: WorkflowIndex + OpenWorkflows,
    S: RecoveryStarter,
    P: SweepPositions,
{
    let span = tracing::info_span!("sweep", operation = OPERATION);
    let swept = operation::sweep_workflows(ports).instrument(span.clone()).await;
    let _entered = span.entered();
    metrics::answered(OPERATION, if swept.is_ok() { Outcome::Done } else { Outcome::Failed });
    let swept = swept.map_err(|error| {
        let failure = Failure::new("SweepFailed", &error);
        tracing::error!(why = %failure, "the log could not be swept");
        failure
    })?;
    for claim in &swept.recoveries {
        let correlation_id = claim.correlation_id.as_ref().map(CorrelationId::as_str);
        tracing::info!(correlation_id, key = %claim.key(), recovery_id = %claim.recovery_id, "a recovery is under way");
    }
    for (key, why) in &swept.failed {
        tracing::warn!(%key, why, "the workflow could not be looked at or helped");
    }
    for key in &swept.quarantined {
        tracing::error!(%key, "the workflow is quarantined");
    }
    if swept.coverage.is_none() {
        tracing::warn!(operation = "sweep-workflows", "the index cannot tell which workflows are open");
    }
    let report = SweepReport {
        open: swept.open,
        coverage_percent: swept.coverage,
        workflows: swept.workflows,
        behind: swept.behind,
        left: swept.left,
        started: swept.started,
        quarantined: u64::try_from(swept.quarantined.len()).unwrap_or(u64::MAX),
        closed: swept.closed,
        failed: swept.failed.len(),
        finished: swept.finished,
        round_age_seconds: swept.round_age_seconds,
    };
    tracing::info!(?report, "swept");
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_operations::StartPorts;
    use alims_testing::builders::{a_created, at};
    use alims_testing::{FixedClock, MemoryIndex, MemoryLog, MemoryPositions, MemoryStarter, SequentialIds};
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_schedule_s_event_of_any_shape_sweeps() {
        let (log, starter) = (MemoryLog::default(), MemoryStarter::default());
        log.overwrite(a_created("w"));
        let clock = Arc::new(FixedClock::new(at(3_600_000)));
        let ports = Ports {
            starting: StartPorts { log, starter: starter.clone(), clock },
            index: MemoryIndex::default(),
            positions: MemoryPositions::default(),
            ids: Arc::new(SequentialIds::default()),
        };
        let event = json!({"version": "0", "detail-type": "Scheduled Event", "detail": {}});
        let event: ScheduledEvent = serde_json::from_value(event).expect("a schedule's event");
        let report = sweep_workflows(&ports, event).await.expect("a sweep");
        assert_eq!((report.workflows, report.started, report.finished), (1, 1, true));
        assert_eq!(starter.started(), 1);
    }
}
