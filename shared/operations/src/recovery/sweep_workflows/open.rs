//! The walk over the open workflows: one read each, and a close look where something may be behind.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::limits::{PUBLISHER_CONCURRENCY_MAX, SWEEP_OPEN_WORKFLOWS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::BTreeSet;

use super::look::{Ports, Swept, look_closely};
use super::progress;
use crate::ports::{
    NewerFormat, OpenPart, OpenWorkflows, QuarantineLog, RecoveryLog, RecoveryStarter, StoreError, SweepPosition,
    SweepPositions, WorkflowIndex, WorkflowLog,
};

/// Continues the walk until it ends, or until `enough`. Returns the workflows at which it looked closely.
pub(super) async fn sweep<L, I, S, P>(
    ports: &Ports<L, I, S, P>,
    position: &mut SweepPosition,
    swept: &mut Swept,
    enough: Timestamp,
) -> Result<BTreeSet<WorkflowKey>, StoreError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex + OpenWorkflows,
    S: RecoveryStarter,
    P: SweepPositions,
{
    let mut looked_at = BTreeSet::new();
    loop {
        let Some(OpenPart { workflows, next }) = part(ports, position).await? else { return Ok(looked_at) };
        let may_be_behind = compare(ports, &workflows).await?;
        look_closely(ports, may_be_behind.clone(), swept).await;
        looked_at.extend(may_be_behind);
        let met = u64::try_from(workflows.len()).unwrap_or(u64::MAX);
        swept.open += met;
        position.open_met += met;
        position.open = next;
        let ended = position.open.is_none();
        if ended {
            position.open_total = std::mem::take(&mut position.open_met);
        }
        swept.coverage = Some(progress::coverage(swept.open, position));
        // Only now: an interrupted sweep compares this part again.
        ports.positions.keep_sweep_position(position).await?;
        if ended || swept.open >= SWEEP_OPEN_WORKFLOWS_MAX || ports.starting.clock.now() >= enough {
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
async fn compare<L: WorkflowLog, I: WorkflowIndex, S, P>(
    ports: &Ports<L, I, S, P>,
    workflows: &[WorkflowKey],
) -> Result<Vec<WorkflowKey>, StoreError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let entries = ports.index.entries(workflows).await?;
    let log = &ports.starting.log;
    let compared: Vec<_> = workflows.iter().map(|key| is_in_order(log, key, entries.get(key))).collect();
    let compared: Vec<bool> = stream::iter(compared).buffered(PUBLISHER_CONCURRENCY_MAX).collect().await;
    let differ = workflows.iter().zip(compared).filter(|(_, in_order)| !in_order);
    Ok(differ.map(|(key, _)| key.clone()).collect())
}

/// Whether the index says what the log's newest version says, and that version is no failure. A read that fails says
/// nothing: the close look finds out more.
async fn is_in_order<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: Option<&Result<IndexEntry, NewerFormat>>,
) -> bool {
    let Some(Ok(indexed)) = indexed else { return false };
    if indexed.current_state == State::Failed {
        return false;
    }
    matches!(log.head(key).await, Ok(Some(head)) if IndexEntry::from(&head.event) == *indexed)
}
