//! Background work: the rule on retryable failures, fed by the bus, and the sweeps and the anchors, on timers.

use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::StartPorts;
use alims_operations::anchor_heads::anchor_heads;
use recover_failed_workflow::FailureEvent;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use sweep_workflows::ScheduledEvent;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::anchoring::AnchorPorts;
use crate::bus::Envelope;
use crate::recoveries::LocalStarter;

/// How many failures may wait for the rule. The sweep handles the others.
const WAITING_MAX: usize = 10_000;
/// How often the rule's function is tried.
const ATTEMPTS_MAX: u32 = 3;
/// How long the rule waits before it tries again.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Where the bus puts failures that may be tried again.
#[derive(Clone, Debug)]
pub(crate) struct Failures(mpsc::Sender<FailureEvent>);

/// The queue from which the rule takes them.
pub(crate) type Waiting = mpsc::Receiver<FailureEvent>;

/// The fields of the rule's pattern, as in the deployment's template.
#[derive(Deserialize)]
struct Pattern {
    to_state: String,
    failure: Option<Retryable>,
    #[serde(default)]
    replay: bool,
}

#[derive(Deserialize)]
struct Retryable {
    retryable: bool,
}

/// The two ends.
pub(crate) fn failures() -> (Failures, Waiting) {
    let (failures, waiting) = mpsc::channel(WAITING_MAX);
    (Failures(failures), waiting)
}

impl Failures {
    /// Looks at an event that the bus took.
    pub(crate) fn see(&self, event: &Envelope<'_>) {
        if event.detail_type() != "WorkflowStateChanged" {
            return;
        }
        let matches = serde_json::from_str::<Pattern>(event.detail()).is_ok_and(|it| {
            it.to_state == "FAILED" && it.failure.is_some_and(|failure| failure.retryable) && !it.replay
        });
        if !matches {
            return;
        }
        let told =
            serde_json::from_str(event.detail()).is_ok_and(|detail| self.0.try_send(FailureEvent { detail }).is_ok());
        if !told {
            tracing::warn!("a failure is left to the sweep: it cannot be read, or too many wait");
        }
    }
}

/// How often the sweeps run, and anchors are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Every {
    /// The sweep of workflows.
    pub(crate) workflows: Duration,
    /// The sweep of due dates.
    pub(crate) deadlines: Duration,
    /// The anchors.
    pub(crate) anchors: Duration,
}

/// The rule and the sweeps, running.
pub(crate) struct Background {
    starter: LocalStarter,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    /// Starts all of them.
    pub(crate) fn start(
        starting: StartPorts<DynamoLog, LocalStarter>,
        waiting: Waiting,
        sweeping: alims_operations::sweep_workflows::Ports<DynamoLog, DynamoIndex, LocalStarter, DynamoIndex>,
        due: alims_operations::sweep_deadlines::Ports<DynamoLog, DynamoIndex>,
        anchoring: AnchorPorts,
        every: Every,
    ) -> Self {
        let (tasks, stop, starter) = (TaskTracker::new(), CancellationToken::new(), starting.starter.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(follow(Arc::new(starting), waiting)));
        tasks.spawn(stop.clone().run_until_cancelled_owned(sweep(sweeping, every.workflows)));
        tasks.spawn(stop.clone().run_until_cancelled_owned(sweep_due(due, every.deadlines)));
        tasks.spawn(stop.clone().run_until_cancelled_owned(anchor(anchoring, every.anchors)));
        tasks.close();
        Self { starter, tasks, stop }
    }

    /// Stops them, and the running recoveries. The sweep handles failures that are still waiting.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.starter.stop().await;
    }
}

/// Each failure has a task of its own while it is tried, as it has an invocation of its own on Lambda.
async fn follow(starting: Arc<StartPorts<DynamoLog, LocalStarter>>, mut waiting: Waiting) {
    let mut tried = JoinSet::new();
    while let Some(failure) = waiting.recv().await {
        while tried.try_join_next().is_some() {}
        let starting = starting.clone();
        tried.spawn(async move {
            for attempt in 1..=ATTEMPTS_MAX {
                let handled = recover_failed_workflow::recover_failed_workflow(&starting, failure.clone()).await;
                if handled.is_ok() || attempt == ATTEMPTS_MAX {
                    return;
                }
                // Between two tries, as Lambda waits before it invokes a function again.
                tokio::time::sleep(RETRY_WAIT).await;
            }
        });
    }
}

async fn sweep(
    sweeping: alims_operations::sweep_workflows::Ports<DynamoLog, DynamoIndex, LocalStarter, DynamoIndex>,
    every: Duration,
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and a server that has just started has enough to do.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        // The function logs its error, and the next sweep continues from there.
        let _swept = sweep_workflows::sweep_workflows(&sweeping, ScheduledEvent {}).await;
    }
}

async fn sweep_due(due: alims_operations::sweep_deadlines::Ports<DynamoLog, DynamoIndex>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // As above.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let _swept = sweep_deadlines::sweep_deadlines(&due, sweep_deadlines::ScheduledEvent {}).await;
    }
}

async fn anchor(anchoring: AnchorPorts, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // As above.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        // The next run continues from where this one ended.
        match anchor_heads(&anchoring, &[]).await {
            Ok(run) => {
                for (tenant, why) in &run.failed {
                    tracing::error!(%tenant, why, "no anchor could be made for the tenant");
                }
            }
            Err(error) => tracing::error!(%error, "the tenants to anchor could not be found"),
        }
    }
}
