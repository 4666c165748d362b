//! The sweep: starts the recoveries that no request or failure event has started, in two bounded walks.
//!
//! The first visits the open workflows in the index: only these can have versions that are not published, or wait for a
//! retry. It compares each with the log's newest version and looks closely at what differs. The second is the *round*:
//! part by part it checks every workflow in the log, with its whole history. It finds what the index does not have, and
//! tampering. The next sweep continues both where this one stopped.
//!
//! A close look starts a recovery for a workflow whose index entry is behind, missing or wrong, or that failed and was
//! never retried. It records a broken history, and closes attempts whose execution ended without an outcome.

mod look;
mod open;
mod progress;

pub use look::{Ports, Swept};

use alims_domain::identifiers::WorkflowKey;
use alims_domain::limits::{SWEEP_LOOKS_SECONDS_MAX, SWEEP_OPEN_SECONDS_MAX, SWEEP_SECONDS_MAX, SWEEP_WORKFLOWS_MAX};
use std::collections::BTreeSet;

use crate::ports::{
    LogWalk, OpenWorkflows, QuarantineLog, RecoveryLog, RecoveryStarter, StoreError, SweepPosition, SweepPositions,
    WorkflowIndex, WorkflowLog,
};
use crate::recovery::sweep_workflows::look::{Time, look_closely};

/// Sweeps the open workflows and a bounded part of the log.
///
/// # Errors
/// When the log or the index cannot be walked or the position cannot be stored. A problem of a single workflow does not
/// stop the others.
pub async fn sweep_workflows<L, I, S, P>(ports: &Ports<L, I, S, P>) -> Result<Swept, StoreError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk,
    I: WorkflowIndex + OpenWorkflows,
    S: RecoveryStarter,
    P: SweepPositions,
{
    let begun = ports.starting.clock.now();
    let mut swept = Swept::default();
    let mut position = ports.positions.sweep_position().await?;
    let looks_until = begun.later_by_seconds(SWEEP_LOOKS_SECONDS_MAX);
    let time = |seconds| Time { enough: begun.later_by_seconds(seconds), looks_until };
    let looked_at = open::sweep(ports, &mut position, &mut swept, time(SWEEP_OPEN_SECONDS_MAX)).await?;
    sweep_round(ports, &mut position, &mut swept, (time(SWEEP_SECONDS_MAX), &looked_at)).await?;
    swept.round_age_seconds = progress::round_age(&position, ports.starting.clock.now());
    swept.tell();
    Ok(swept)
}

/// Continues the round until it ends, or until it is enough; past the workflows that this sweep has looked at already.
async fn sweep_round<L, I, S, P>(
    ports: &Ports<L, I, S, P>,
    position: &mut SweepPosition,
    swept: &mut Swept,
    (time, looked_at): (Time, &BTreeSet<WorkflowKey>),
) -> Result<(), StoreError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk,
    I: WorkflowIndex,
    S: RecoveryStarter,
    P: SweepPositions,
{
    let clock = ports.starting.clock.as_ref();
    let mut before = BTreeSet::new();
    let mut is_first = true;
    loop {
        let part = match ports.starting.log.part(position.round.as_ref()).await {
            Ok(part) => part,
            // An invalid position would stop every later sweep.
            Err(StoreError::Refused(_)) if position.round.is_some() && is_first => {
                (position.round, position.round_began) = (None, None);
                continue;
            }
            Err(error) => return Err(error),
        };
        is_first = false;
        position.round_began = position.round_began.or_else(|| Some(clock.now()));
        // If a workflow's entries continue in this part, it was checked completely when the previous part named it.
        let fresh: Vec<WorkflowKey> = part.workflows.difference(&before).cloned().collect();
        let met = fresh.len();
        let wanted: Vec<WorkflowKey> = fresh.into_iter().filter(|key| !looked_at.contains(key)).collect();
        let wanted_number = wanted.len();
        let left = look_closely(ports, wanted, swept, time.looks_until).await;
        if left.len() == wanted_number && wanted_number > 0 {
            // The time was over before the part began, so it is not the part that takes too long.
            return Ok(());
        }
        swept.workflows += u64::try_from(met - left.len()).unwrap_or(u64::MAX);
        position.round = part.next;
        swept.finished = position.round.is_none();
        let now = clock.now();
        position.swept_at = Some(now);
        if swept.finished {
            (position.round_began, position.round_ended) = (None, Some(now));
        }
        // Only now: an interrupted sweep checks this part again.
        ports.positions.keep_sweep_position(position).await?;
        if swept.finished || swept.workflows >= SWEEP_WORKFLOWS_MAX || now >= time.enough {
            return Ok(());
        }
        before = part.workflows;
    }
}
