//! The handler of sweep-deadlines. Only a schedule calls it.

use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{DueWorkflows, OverdueLog, QuarantineLog, WorkflowLog};
use alims_operations::sweep_deadlines::{self as operation, Ports};
use alims_runtime::Failure;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "sweep-deadlines";

/// The schedule's event. Its content is not read.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ScheduledEvent {}

/// The result of a sweep of due dates, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadlinesReport {
    /// Due workflows that this sweep dealt with.
    pub due: u64,
    /// Of these, how many were found overdue now.
    pub noted: usize,
    /// Workflows for which the time was over.
    pub left: u64,
    /// Workflows that could not be read or recorded.
    pub failed: usize,
    /// Whether the walk reached its end.
    pub finished: bool,
    /// Seconds since the last complete walk.
    pub round_age_seconds: u64,
}

/// Records the workflows that are overdue, a bounded part at a time.
///
/// # Errors
/// When the index cannot be walked or the records not be looked up; the next sweep starts at the same position.
pub async fn sweep_deadlines<L, I>(ports: &Ports<L, I>, _: ScheduledEvent) -> Result<DeadlinesReport, Failure>
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
    I: DueWorkflows,
{
    let span = tracing::info_span!("sweep", operation = OPERATION);
    let swept = operation::sweep_deadlines(ports).instrument(span.clone()).await;
    let _entered = span.entered();
    metrics::answered(OPERATION, if swept.is_ok() { Outcome::Done } else { Outcome::Failed });
    let swept = swept.map_err(|error| {
        let failure = Failure::new("SweepFailed", &error);
        tracing::error!(why = %failure, "the due dates could not be swept");
        failure
    })?;
    for deadline in &swept.noted {
        tracing::info!(key = %deadline.key, due_at = %deadline.due_at, "the workflow is overdue");
    }
    for (key, why) in &swept.failed {
        tracing::warn!(%key, why, "the due workflow could not be read or recorded");
    }
    let report = DeadlinesReport {
        due: swept.due,
        noted: swept.noted.len(),
        left: swept.left,
        failed: swept.failed.len(),
        finished: swept.finished,
        round_age_seconds: swept.round_age_seconds,
    };
    if report.finished {
        tracing::info!(?report, "swept");
    } else {
        tracing::warn!(?report, "the time of the sweep was over; the next one continues");
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::event::WorkflowEvent;
    use alims_domain::projection::IndexEntry;
    use alims_testing::builders::{a_created, a_key, at, sealed};
    use alims_testing::{FixedClock, MemoryIndex, MemoryLog, SequentialIds};
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_schedule_s_event_of_any_shape_sweeps_and_a_due_date_is_recorded_once() {
        let (log, index) = (MemoryLog::default(), MemoryIndex::default());
        let due = sealed(WorkflowEvent { due_at: Some(at(1000)), ..a_created("w").event });
        index.overwrite(IndexEntry::from(&due.event));
        log.overwrite(due);
        let clock = Arc::new(FixedClock::new(at(2000)));
        let ports = Ports { log: log.clone(), index, clock, ids: Arc::new(SequentialIds::default()) };
        let event = json!({"version": "0", "detail-type": "Scheduled Event", "detail": {}});
        let event: ScheduledEvent = serde_json::from_value(event).expect("a schedule's event");
        for noted in [1, 0] {
            let report = sweep_deadlines(&ports, event).await.expect("a sweep");
            assert_eq!((report.due, report.noted, report.failed, report.finished), (1, noted, 0, true));
        }
        assert_eq!(log.overdue(&a_key("w"), None, 10).await.expect("records").len(), 1);
    }
}
