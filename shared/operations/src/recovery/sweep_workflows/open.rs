//! The walk over the open workflows: one read each, and a close look where something may be behind.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::limits::{AUTOMATIC_ATTEMPTS_MAX, PUBLISHER_CONCURRENCY_MAX, SWEEP_OPEN_WORKFLOWS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::is_to_be_reactivated;
use alims_domain::recovery::outcome::Trigger;
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::BTreeSet;

use super::look::{Ports, Swept, Time, look_closely, was_decided};
use super::progress;
use crate::ports::{
    NewerFormat, OpenPart, OpenWorkflows, QuarantineLog, RecoveryLog, RecoveryStarter, StoreError, SweepPosition,
    SweepPositions, WorkflowIndex, WorkflowLog,
};
use crate::recovery::start::automatic_delay;

/// Continues the walk until it ends, or until it is enough. Returns the workflows at which it looked closely.
pub(super) async fn sweep<L, I, S, P>(
    ports: &Ports<L, I, S, P>,
    position: &mut SweepPosition,
    swept: &mut Swept,
    time: Time,
) -> Result<BTreeSet<WorkflowKey>, StoreError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex + OpenWorkflows,
    S: RecoveryStarter,
    P: SweepPositions,
{
    let mut looked_at = BTreeSet::new();
    loop {
        let Some(OpenPart { workflows, next }) = part(ports, position).await? else {
            position.open_percent = None;
            return Ok(looked_at);
        };
        let may_be_behind = compare(ports, &workflows).await?;
        let left = look_closely(ports, may_be_behind.clone(), swept, time.looks_until).await;
        looked_at.extend(may_be_behind.into_iter().filter(|key| !left.contains(key)));
        let met = u64::try_from(workflows.len()).unwrap_or(u64::MAX);
        swept.open += met - u64::try_from(left.len()).unwrap_or(met);
        position.open_met += met;
        position.open = next;
        let ended = position.open.is_none();
        if ended {
            position.open_total = std::mem::take(&mut position.open_met);
        }
        swept.coverage = Some(progress::coverage(swept.open, position));
        position.open_percent = Some(progress::whole_percent(swept.open, position));
        let now = ports.starting.clock.now();
        position.swept_at = Some(now);
        // Only now: an interrupted sweep compares this part again.
        ports.positions.keep_sweep_position(position).await?;
        if ended || swept.open >= SWEEP_OPEN_WORKFLOWS_MAX || now >= time.enough {
            return Ok(looked_at);
        }
    }
}

/// The next part; none when the index does not have this order, such as while it is being added to the table. The round
/// goes on then, and meets every workflow in its time.
async fn part<L, I: OpenWorkflows, S, P>(
    ports: &Ports<L, I, S, P>,
    position: &mut SweepPosition,
) -> Result<Option<OpenPart>, StoreError> {
    loop {
        match ports.index.open_part(position.open.as_ref()).await {
            Ok(part) => return Ok(Some(part)),
            // An invalid position would stop every later sweep.
            Err(StoreError::Refused(_)) if position.open.is_some() => (position.open, position.open_met) = (None, 0),
            Err(StoreError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Those of the workflows that are not as the log says, or that wait for a retry.
async fn compare<L: WorkflowLog + RecoveryLog, I: WorkflowIndex, S, P>(
    ports: &Ports<L, I, S, P>,
    workflows: &[WorkflowKey],
) -> Result<Vec<WorkflowKey>, StoreError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let entries = ports.index.entries(workflows).await?;
    let compared: Vec<_> = workflows.iter().map(|key| is_in_order(ports, key, entries.get(key))).collect();
    let compared: Vec<bool> = stream::iter(compared).buffered(PUBLISHER_CONCURRENCY_MAX).collect().await;
    let differ = workflows.iter().zip(compared).filter(|(_, in_order)| !in_order);
    Ok(differ.map(|(key, _)| key.clone()).collect())
}

/// Whether the index says what the log's newest version says, and that version waits for no retry. A read that fails
/// says nothing: the close look finds out more.
async fn is_in_order<L: WorkflowLog + RecoveryLog, I, S, P>(
    ports: &Ports<L, I, S, P>,
    key: &WorkflowKey,
    indexed: Option<&Result<IndexEntry, NewerFormat>>,
) -> bool {
    let (Some(Ok(indexed)), Ok(Some(head))) = (indexed, ports.starting.log.head(key).await) else { return false };
    IndexEntry::from(&head.event) == *indexed && !may_be_retried(ports, key, &head.event).await
}

/// Whether a sweep may retry this failure, or has to close an attempt at it. A failure can last until a person deals with
/// it: what a close look would leave alone costs one read of the newest attempts.
async fn may_be_retried<L: RecoveryLog, I, S, P>(
    ports: &Ports<L, I, S, P>,
    key: &WorkflowKey,
    head: &WorkflowEvent,
) -> bool {
    if !is_to_be_reactivated(head, Trigger::Sweep) {
        return false;
    }
    // So many are needed to see that there were too many.
    let newest = usize::try_from(AUTOMATIC_ATTEMPTS_MAX).unwrap_or(usize::MAX);
    let Ok(recoveries) = ports.starting.log.recoveries(key, newest).await else { return true };
    let attempts = &recoveries.attempts;
    let is_settled = recoveries.unreadable.is_empty() && attempts.iter().all(|attempt| attempt.ended.is_some());
    let is_left_alone =
        was_decided(attempts, head.version) || automatic_delay(attempts, ports.starting.clock.now()).is_none();
    !(is_settled && is_left_alone)
}
