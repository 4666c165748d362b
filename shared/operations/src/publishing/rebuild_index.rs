//! Rebuilds the index from the log. An operator runs it while the service works; the API does not offer it.
//!
//! The rebuild repairs each workflow separately. Its writes are conditional or only move forward, and it puts an event
//! on the bus before the index shows it. So a rebuild may be interrupted at any point and restarted, and may run next
//! to the publisher and next to another rebuild. The worst effect is an event that is published twice.
//!
//! **What counts as published.** Only the index entry records how far a workflow is published. When the entry is lost
//! or disagrees with the log, the rebuild uses the age of the versions instead. A stream keeps its records for a day,
//! so the record of an older version was processed: the version is on the bus, or the record is a dead letter. The
//! rebuild publishes younger versions once more, in order, because the publisher may not have received their records
//! yet. This loses no event unless the publisher processed nothing for a day. An operator who finds dead letters of
//! unprocessed records, whose publisher stopped for so long, or whose index claimed too much for so long, tells the
//! rebuild to count every version as unpublished. Subscribers then get some events twice instead of missing some.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::FINDINGS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
use alims_domain::timestamp::Timestamp;
use alims_domain::witness::{Testimony, testimony};
use futures_util::future::try_join_all;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::chain_walk::{WalkedPast, event_at, walk_past_releases};
use crate::ports::{
    Advanced, EventBus, LogWalk, NewerFormat, QuarantineLog, StoreError, WalkPosition, WorkflowIndex, WorkflowLog,
};
use crate::publishing::anomaly::Anomaly;
use crate::publishing::cursor::{Cursor, catch_up};
use crate::publishing::marks::mark;

pub use crate::ports::PublishPorts as Ports;

/// Options of a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildOptions {
    /// Versions made before this instant count as published when the index does not say. None: no version does.
    pub published_before: Option<Timestamp>,
    /// The number of workflows in progress at once; at least one a segment.
    pub workflows_at_once: usize,
    /// In how many segments the log is walked at the same time; at least one. Memory holds one part of each.
    pub segments: u16,
    /// Whether to report only, without changes.
    pub dry_run: bool,
}

/// What a rebuild has done so far, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Workflows checked.
    pub workflows: u64,
    /// Index entries that were missing or wrong and are now correct.
    pub repaired: u64,
    /// Index entries that were correct but behind the log and are now up to date.
    pub caught_up: u64,
    /// Events that the bus accepted; it may have received some of them before.
    pub published: u64,
    /// The first findings, at most [`FINDINGS_MAX`]: anomalies left unchanged for a person to review.
    pub findings: Vec<Finding>,
    /// The total number of findings.
    pub findings_total: u64,
    /// Segments of the log that were walked to their end.
    pub segments_ended: u16,
}

/// An anomaly that a rebuild leaves unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The workflow, or the entry of the log that belongs to no workflow.
    pub key: String,
    /// The anomaly.
    pub anomaly: Anomaly,
}

/// Why a rebuild stopped early. Completed work stays; start it again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildIndexError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] StoreError),
    /// The index cannot be read or written.
    #[error("the index cannot be read or written")]
    Index(#[source] StoreError),
}

/// Repairs the index entry of every workflow and publishes missing events.
///
/// The rebuild calls `progress` with its results after every few workflows and after every part of the log; `progress`
/// may stop it there, with all its segments.
///
/// # Errors
/// When log or index fail. A problem of a single workflow is a finding and does not stop the others.
pub async fn rebuild_index<L, I, B>(
    ports: &Ports<L, I, B>,
    options: &RebuildOptions,
    progress: impl FnMut(&Rebuilt) -> ControlFlow<()>,
) -> Result<Rebuilt, RebuildIndexError>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex,
    B: EventBus,
{
    let segments = if options.segments > 1 { ports.log.segments(options.segments) } else { vec![None] };
    let at_once = (options.workflows_at_once / segments.len().max(1)).max(1);
    let sum = Mutex::new(Sum { rebuilt: Rebuilt::default(), progress, stopped: false });
    try_join_all(segments.into_iter().map(|from| rebuild_segment(ports, options, (from, at_once), &sum))).await?;
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(sum.rebuilt)
}

/// What all segments have done so far, and whether they are to stop.
struct Sum<P> {
    rebuilt: Rebuilt,
    progress: P,
    stopped: bool,
}

impl<P: FnMut(&Rebuilt) -> ControlFlow<()>> Sum<P> {
    fn add(&mut self, done: Rebuilt) -> ControlFlow<()> {
        self.rebuilt.add(done);
        self.stopped |= (self.progress)(&self.rebuilt).is_break();
        if self.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// One segment of the log, part after part.
async fn rebuild_segment<L, I, B, P>(
    ports: &Ports<L, I, B>,
    options: &RebuildOptions,
    (mut from, at_once): (Option<WalkPosition>, usize),
    sum: &Mutex<Sum<P>>,
) -> Result<(), RebuildIndexError>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex,
    B: EventBus,
    P: FnMut(&Rebuilt) -> ControlFlow<()>,
{
    let add = |done| sum.lock().unwrap_or_else(PoisonError::into_inner).add(done);
    let mut before = BTreeSet::new();
    loop {
        let part = ports.log.part(from.as_ref()).await.map_err(RebuildIndexError::Log)?;
        let mut done = Rebuilt::default();
        part.strays.into_iter().for_each(|key| done.found(key, Anomaly::Stray));
        // If a workflow's entries continue in this part, it was checked completely when the previous part named it.
        let fresh: Vec<WorkflowKey> = part.workflows.difference(&before).cloned().collect();
        for keys in fresh.chunks(at_once) {
            put_in_order(ports, options, keys, &mut done).await?;
            if add(std::mem::take(&mut done)).is_break() {
                return Ok(());
            }
        }
        done.segments_ended = u16::from(part.next.is_none());
        if add(done).is_break() || part.next.is_none() {
            return Ok(());
        }
        (from, before) = (part.next, part.workflows);
    }
}

impl Rebuilt {
    fn add(&mut self, other: Self) {
        let Self { workflows, repaired, caught_up, published, findings, findings_total, segments_ended } = other;
        self.workflows += workflows;
        self.repaired += repaired;
        self.caught_up += caught_up;
        self.published += published;
        self.findings_total += findings_total;
        self.segments_ended += segments_ended;
        let room = FINDINGS_MAX.saturating_sub(self.findings.len());
        self.findings.extend(findings.into_iter().take(room));
    }

    fn found(&mut self, key: String, anomaly: Anomaly) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { key, anomaly });
        }
    }
}

/// The work for one workflow.
#[derive(Debug, PartialEq)]
pub(crate) enum Course {
    /// The log has no version of it and the index has no entry.
    NotThere,
    /// Nothing.
    InOrder,
    /// Nothing, but report it.
    LeaveIt(Anomaly),
    /// Publish the events after `published`; then replace the entry with that of the head, unless it was correct.
    PutInOrder { published: Option<Version>, head: Box<WorkflowEvent>, entry_is_right: bool },
}

/// One workflow that needs work.
struct Disorder<'a> {
    key: &'a WorkflowKey,
    seen: Option<&'a IndexEntry>,
    published: Option<Version>,
    head: Box<WorkflowEvent>,
    entry_is_right: bool,
}

async fn put_in_order<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Ports<L, I, B>,
    options: &RebuildOptions,
    keys: &[WorkflowKey],
    rebuilt: &mut Rebuilt,
) -> Result<(), RebuildIndexError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let entries = ports.index.entries(keys).await.map_err(RebuildIndexError::Index)?;
    let look = |key| look(&ports.log, key, entries.get(key), options.published_before);
    let looks = try_join_all(keys.iter().map(look)).await.map_err(RebuildIndexError::Log)?;
    let (mut disorders, mut in_order) = (Vec::new(), Vec::new());
    for (key, Looked { course, is_quarantined }) in keys.iter().zip(looks) {
        if is_quarantined && !options.dry_run {
            let indexed = entries.get(key).and_then(|entry| entry.as_ref().ok());
            match mark((&ports.log, &ports.index), key, indexed).await {
                Ok(()) => {}
                Err(StoreError::NewerFormat(newer)) => {
                    rebuilt.found(key.to_string(), Anomaly::WrittenByNewerRelease(newer));
                }
                Err(error) => return Err(RebuildIndexError::Index(error)),
            }
        }
        rebuilt.workflows += u64::from(course != Course::NotThere);
        match course {
            Course::NotThere => {}
            Course::InOrder => in_order.extend(entries.get(key).and_then(|entry| entry.as_ref().ok())),
            Course::LeaveIt(anomaly) => rebuilt.found(key.to_string(), anomaly),
            Course::PutInOrder { published, head, entry_is_right } => {
                let seen = entries.get(key).and_then(|entry| entry.as_ref().ok());
                disorders.push(Disorder { key, seen, published, head, entry_is_right });
            }
        }
    }
    if options.dry_run {
        disorders.iter().for_each(|disorder| rebuilt.would(disorder));
        return Ok(());
    }
    write_again(&ports.index, in_order).await?;
    for disorder in publish(ports, disorders, rebuilt).await {
        if disorder.entry_is_right {
            rebuilt.caught_up += 1;
            continue;
        }
        // Publishing advances an entry that is behind. It leaves an entry that claims too much or is unreadable; and an
        // entry that the publisher or a recovery advanced meanwhile is in order.
        match ports.index.repair(&IndexEntry::from(&*disorder.head), disorder.seen).await {
            Ok(repaired) => rebuilt.repaired += u64::from(repaired == Advanced::Yes),
            // A newer release has written it since the read.
            Err(StoreError::NewerFormat(newer)) => {
                rebuilt.found(disorder.key.to_string(), Anomaly::WrittenByNewerRelease(newer));
            }
            Err(error) => return Err(RebuildIndexError::Index(error)),
        }
    }
    Ok(())
}

/// Writes correct entries once more, with all that lists are looked up by: an earlier release may have written them
/// without the key of a secondary index, and what an index keeps for the labels may be lost.
async fn write_again<I: WorkflowIndex>(index: &I, entries: Vec<&IndexEntry>) -> Result<(), RebuildIndexError> {
    let written = entries.into_iter().map(async |entry| match index.repair(entry, Some(entry)).await {
        // Another writer has written it since the read, with the key.
        Ok(_) | Err(StoreError::NewerFormat(_)) => Ok(()),
        Err(error) => Err(RebuildIndexError::Index(error)),
    });
    try_join_all(written).await.map(drop)
}

impl Rebuilt {
    fn would(&mut self, disorder: &Disorder<'_>) {
        let published = disorder.published.map_or(0, Version::get);
        self.published += disorder.head.version.get().saturating_sub(published);
        if disorder.entry_is_right {
            self.caught_up += 1;
        } else {
            self.repaired += 1;
        }
    }
}

/// Publishes missing events, and returns the workflows that are now completely published.
async fn publish<'a, L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Ports<L, I, B>,
    disorders: Vec<Disorder<'a>>,
    rebuilt: &mut Rebuilt,
) -> Vec<Disorder<'a>> {
    let (mut done, mut behind, mut cursors) = (Vec::new(), Vec::new(), Vec::new());
    for disorder in disorders {
        let head = &*disorder.head;
        match Cursor::new(disorder.key.clone(), disorder.published, head.version, [head.clone()]) {
            None => done.push(disorder),
            Some(cursor) => {
                behind.push(disorder);
                cursors.push(cursor);
            }
        }
    }
    let (cursors, accepted) = catch_up(ports, cursors).await;
    rebuilt.published += accepted;
    for (disorder, cursor) in behind.into_iter().zip(cursors) {
        match cursor.stop {
            None => done.push(disorder),
            Some(stop) => rebuilt.found(disorder.key.to_string(), Anomaly::NotDone(stop.to_string())),
        }
    }
    done
}

/// What a workflow's whole log says.
pub(crate) struct Looked {
    /// The work.
    pub(crate) course: Course,
    /// Whether a quarantine is in force.
    pub(crate) is_quarantined: bool,
}

/// Reads a workflow's whole log and decides. Like recovery, it passes over released breaks.
pub(crate) async fn look<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: Option<&Result<IndexEntry, NewerFormat>>,
    published_before: Option<Timestamp>,
) -> Result<Looked, StoreError> {
    let leave_it =
        |newer| Looked { course: Course::LeaveIt(Anomaly::WrittenByNewerRelease(newer)), is_quarantined: false };
    let indexed = match indexed {
        Some(Err(newer)) => return Ok(leave_it(newer.clone())),
        Some(Ok(indexed)) => Some(indexed),
        None => None,
    };
    let looked = async {
        let quarantine = log.quarantine(key).await?;
        let course = course_of(log, key, (indexed, &quarantine), published_before).await?;
        Ok(Looked { course, is_quarantined: !quarantine.in_force().is_empty() })
    };
    match looked.await {
        Err(StoreError::NewerFormat(newer)) => Ok(leave_it(newer)),
        other => other,
    }
}

async fn course_of<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    (indexed, quarantine): (Option<&IndexEntry>, &QuarantineRecord),
    published_before: Option<Timestamp>,
) -> Result<Course, StoreError> {
    let (mut entry_is_right, mut old, mut claimed) = (false, None, None);
    let walked = walk_past_releases(log, key, None, quarantine, |event| {
        if indexed.is_some_and(|indexed| indexed.published_version == event.version) {
            entry_is_right = indexed == Some(&IndexEntry::from(event));
            claimed = Some(event.clone());
        }
        // Time never decreases along a history, so every version before the last old one is old too.
        if published_before.is_some_and(|instant| event.timestamp < instant) {
            old = Some(event.version);
        }
    });
    let walked = walked.await?;
    if let (WalkedPast::End(Some(last)), Some(indexed)) = (&walked, indexed)
        && indexed.published_version <= last.version
    {
        // The next version builds on a version that was altered and released, although no walk calls that one valid.
        entry_is_right |= *indexed == IndexEntry::from(&**last);
        if claimed.is_none() {
            claimed = event_at(log, key, indexed.published_version).await?;
        }
        match testimony(indexed, claimed.as_ref(), last.version, quarantine) {
            Testimony::Agrees => {}
            // What was made in the place of the published versions is on no bus, however old it is.
            Testimony::Released => old = None,
            Testimony::Contradicts(BreakFound { content, .. }) => {
                let (version, published) = (indexed.published_version, indexed.head_hash.clone());
                return Ok(Course::LeaveIt(Anomaly::Replaced { version, published, stored: content }));
            }
        }
    }
    Ok(course(walked, indexed.map(|indexed| indexed.published_version), entry_is_right, old))
}

/// Decides. Pure and total.
fn course(walked: WalkedPast, claimed: Option<Version>, entry_is_right: bool, old: Option<Version>) -> Course {
    let head = match walked {
        WalkedPast::End(Some(head)) => head,
        WalkedPast::End(None) => {
            let ahead = |published| Course::LeaveIt(Anomaly::AheadOfLog { published, head: None });
            return claimed.map_or(Course::NotThere, ahead);
        }
        WalkedPast::Broken(found) => return Course::LeaveIt(Anomaly::Broken(found.as_break())),
    };
    let published = match claimed {
        Some(published) if published > head.version => {
            return Course::LeaveIt(Anomaly::AheadOfLog { published, head: Some(head.version) });
        }
        Some(published) if entry_is_right && published == head.version => return Course::InOrder,
        Some(published) if entry_is_right => Some(published),
        // Damage to the entry may have raised its version as well, so the lower of the two applies.
        Some(published) => old.min(Some(published)),
        None => old,
    };
    Course::PutInOrder { published, head, entry_is_right }
}
