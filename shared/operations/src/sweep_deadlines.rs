//! The sweep of due dates: records each workflow that is open at its due date, once for each due date.
//!
//! The index says which workflows may be due, and the log decides. A conditional write keeps the record under the due
//! date, so that repeated sweeps, and several at once, make one event. A workflow that already has its record costs a
//! part of one call, and no read of its versions. A sweep continues where the last one stopped.

use alims_domain::event::WorkflowEvent;
use alims_domain::head::intact;
use alims_domain::identifiers::{EventId, WorkflowKey};
use alims_domain::limits::{DEADLINES_LOOKS_SECONDS_MAX, DEADLINES_SECONDS_MAX, PUBLISHER_CONCURRENCY_MAX};
use alims_domain::overdue::{Deadline, Overdue};
use alims_domain::timestamp::Timestamp;
use futures_util::StreamExt;
use futures_util::stream;
use std::sync::Arc;

use crate::errors::with_causes;
use crate::head::{ReadWorkflowError, head};
use crate::metrics;
use crate::ports::{
    Clock, DeadlinePosition, DuePart, DueWorkflows, Ids, Noted, OverdueLog, QuarantineLog, StoreError, WorkflowLog,
};

/// The ports of a sweep of due dates.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log.
    pub log: L,
    /// The index, which names the due workflows.
    pub index: I,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids, for records.
    pub ids: Arc<dyn Ids>,
}

/// The result of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Due workflows that the index named, and that this sweep dealt with.
    pub due: u64,
    /// New records: workflows that were found overdue now.
    pub noted: Vec<Deadline>,
    /// Workflows that waited for a look when the time was over. A later sweep meets them again.
    pub left: u64,
    /// Workflows that this sweep could not read or record, each with the reason. The next walk meets them again.
    pub failed: Vec<(WorkflowKey, String)>,
    /// Whether the walk reached its end; the next sweep starts at the beginning.
    pub finished: bool,
    /// Seconds since the last complete walk ended; before the first one did, since it began.
    pub round_age_seconds: u64,
}

/// Walks the due workflows of the index, from where the last sweep stopped, and records those that are overdue.
///
/// # Errors
/// When the index cannot be walked, the records not be looked up, or the position not be stored. A problem of a single
/// workflow does not stop the others.
pub async fn sweep_deadlines<L, I>(ports: &Ports<L, I>) -> Result<Swept, StoreError>
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
    I: DueWorkflows,
{
    let mut swept = Swept::default();
    let walked = walk(ports, &mut swept).await;
    // Also of a sweep that failed: the records that it made are there.
    swept.count();
    walked.map(|()| swept)
}

async fn walk<L, I>(ports: &Ports<L, I>, swept: &mut Swept) -> Result<(), StoreError>
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
    I: DueWorkflows,
{
    let begun = ports.clock.now();
    let enough = begun.later_by_seconds(DEADLINES_SECONDS_MAX);
    let looks_until = begun.later_by_seconds(DEADLINES_LOOKS_SECONDS_MAX);
    let mut position = ports.index.deadline_position().await?;
    loop {
        let DuePart { deadlines, next } = part(ports, &mut position).await?;
        position.began = position.began.or(Some(begun));
        let met = deadlines.len();
        let wanted = unrecorded(&ports.log, deadlines).await?;
        let (waiting, left) = (wanted.len(), note_all(ports, wanted, swept, looks_until).await);
        swept.left += count(left);
        if left == waiting && waiting > 0 {
            // The time was over before the part began, so it is not the part that takes too long.
            break;
        }
        swept.due += count(met - left);
        position.next = next;
        swept.finished = position.next.is_none();
        if swept.finished {
            (position.began, position.ended) = (None, Some(ports.clock.now()));
        }
        // Only now: an interrupted sweep meets this part again.
        ports.index.keep_deadline_position(&position).await?;
        if swept.finished || ports.clock.now() >= enough {
            break;
        }
    }
    swept.round_age_seconds = age(&position, ports.clock.now());
    #[allow(clippy::cast_precision_loss, reason = "an age is not exact to the last second")]
    metrics::DEADLINES_ROUND.set(swept.round_age_seconds as f64, &[]);
    Ok(())
}

/// The part at the position.
async fn part<L, I: DueWorkflows>(ports: &Ports<L, I>, position: &mut DeadlinePosition) -> Result<DuePart, StoreError> {
    loop {
        match ports.index.due_part(ports.clock.now(), position.next.as_ref()).await {
            // An invalid position would stop every later sweep.
            Err(StoreError::Refused(_)) if position.next.is_some() => (position.next, position.began) = (None, None),
            part => return part,
        }
    }
}

/// The deadlines that have no record yet.
async fn unrecorded<L: OverdueLog>(log: &L, deadlines: Vec<Deadline>) -> Result<Vec<Deadline>, StoreError> {
    if deadlines.is_empty() {
        return Ok(deadlines);
    }
    let noted = log.overdue_noted(&deadlines).await?;
    Ok(deadlines.into_iter().filter(|deadline| !noted.contains(deadline)).collect())
}

/// Looks at each of these, some at the same time, and begins no look after `until`. Returns how many are left.
async fn note_all<L, I>(ports: &Ports<L, I>, deadlines: Vec<Deadline>, swept: &mut Swept, until: Timestamp) -> usize
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
    I: Sync,
{
    let looks: Vec<_> = deadlines.into_iter().map(|deadline| note_in_time(ports, deadline, until)).collect();
    let looks: Vec<_> = stream::iter(looks).buffered(PUBLISHER_CONCURRENCY_MAX).collect().await;
    let mut left = 0;
    for (deadline, look) in looks {
        match look {
            None => left += 1,
            Some(Ok(true)) => swept.noted.push(deadline),
            Some(Ok(false)) => {}
            Some(Err(why)) => swept.failed.push((deadline.key, with_causes(&why))),
        }
    }
    left
}

/// None when it is too late to begin.
async fn note_in_time<L, I>(
    ports: &Ports<L, I>,
    deadline: Deadline,
    until: Timestamp,
) -> (Deadline, Option<Result<bool, ReadWorkflowError>>)
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
    I: Sync,
{
    if ports.clock.now() >= until {
        return (deadline, None);
    }
    let noted = note(ports, &deadline).await;
    (deadline, Some(noted))
}

/// Records the workflow, if the log says that it is overdue. Returns whether this made the record.
async fn note<L, I>(ports: &Ports<L, I>, deadline: &Deadline) -> Result<bool, ReadWorkflowError>
where
    L: WorkflowLog + QuarantineLog + OverdueLog,
{
    let Some(head) = readable_head(&ports.log, &deadline.key).await? else { return Ok(false) };
    let event_id = EventId(ports.ids.fresh());
    let Some(overdue) = Overdue::of(&head, deadline.due_at, event_id, ports.clock.now()) else { return Ok(false) };
    Ok(ports.log.record_overdue(&overdue).await? == Noted::Now)
}

/// The newest version; none when the index names a workflow that the log does not have.
///
/// A quarantine does not matter: the work is late all the same, and the locked workflow needs attention all the more.
/// But the due date of a version that was altered is no due date.
async fn readable_head<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
) -> Result<Option<WorkflowEvent>, ReadWorkflowError> {
    match head(log, key).await {
        Ok((head, quarantine)) => {
            intact(head.event(), &quarantine)?;
            Ok(Some(head.stored.event))
        }
        Err(ReadWorkflowError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How long ago the last complete walk ended, in seconds; before the first one did, how long ago this one began.
fn age(position: &DeadlinePosition, now: Timestamp) -> u64 {
    let since = position.ended.or(position.began).unwrap_or(now);
    u64::try_from(now.unix_millis().saturating_sub(since.unix_millis()) / 1000).unwrap_or_default()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Swept {
    /// Counts what this sweep did, for the metrics.
    fn count(&self) {
        metrics::DEADLINES_DUE.add(self.due, &[]);
        metrics::OVERDUE_NOTED.add(count(self.noted.len()), &[]);
        metrics::DEADLINES_FAILED.add(count(self.failed.len()), &[]);
    }
}
