//! Rebuilding the index from the log: an operator's act while the service works, and no operation of its interface.
//!
//! Each workflow is put in order by itself, by writes that are conditional or that only go forward, and an event is
//! put on the bus before the index says so. So a rebuild may be interrupted anywhere and begun again, may run beside
//! the publisher and beside another rebuild, and the worst that comes of it is an event that is published twice.
//!
//! **What counts as published.** Only its index entry says how far a workflow is published. Where the entry is lost,
//! or says what the log does not, the age of the versions stands in for it: a stream keeps its records for a day, so
//! the record of an older version was processed, and the version is on the bus, or the record is a dead letter. What is
//! younger is published once more, in order, because its record may still be about to come. That loses nothing unless
//! there was a day of which the publisher processed nothing. An operator who finds dead letters of unprocessed records, whose publisher stood still for so long, or whose index had claimed too much for so long,
//! has everything counted as not published, and gets some events twice instead of some never.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::Break;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::FINDINGS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use futures_util::future::try_join_all;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;

use crate::chain_walk::{WalkedPast, walk_past_releases};
use crate::ports::{Advanced, EventBus, LogWalk, NewerFormat, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog};
use crate::publishing::cursor::{Cursor, Stop, catch_up};

pub use crate::ports::PublishPorts as Ports;

/// How a rebuild is to go about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildOptions {
    /// Versions made before this instant count as published where the index does not say. None: no version does.
    pub published_before: Option<Timestamp>,
    /// How many workflows are worked on at once; at least one is.
    pub workflows_at_once: usize,
    /// Whether to tell only what would be done.
    pub dry_run: bool,
}

/// What a rebuild has done so far, or would have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Workflows that were looked at.
    pub workflows: u64,
    /// Index entries that were missing or wrong and are right now.
    pub repaired: u64,
    /// Index entries that were right and behind the log, and are level with it now.
    pub caught_up: u64,
    /// Events that the bus accepted; some of them may have been there before.
    pub published: u64,
    /// The first findings, at most [`FINDINGS_MAX`]: what was left as it was, for people to look at.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub findings_total: u64,
}

/// Something that a rebuild leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The workflow, or the entry of the log that belongs to none.
    pub key: String,
    /// What is the matter with it.
    pub anomaly: Anomaly,
}

/// What can be the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// The stored history is broken: nothing is built on it until people have looked.
    Broken(Break),
    /// The index says that more was published than there is. Versions were lost, or the entry is forged: which of the
    /// two, people must find out.
    AheadOfLog {
        /// What the index says.
        published: Version,
        /// The newest version; none when there is no version at all.
        head: Option<Version>,
    },
    /// A newer release wrote an item that has to be read.
    WrittenByNewerRelease(NewerFormat),
    /// An entry of the log of a kind that no operation writes.
    Stray,
    /// The bus or the index did not take it this time.
    NotDone(String),
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => {
                write!(f, "the stored history is broken at version {}: {}", broken.at, broken.fault)
            }
            Self::AheadOfLog { published, head: Some(head) } => {
                write!(f, "the index says that version {published} is published, and the log ends at {head}")
            }
            Self::AheadOfLog { published, head: None } => {
                write!(f, "the index says that version {published} is published, and the log has no version")
            }
            Self::WrittenByNewerRelease(newer) => write!(f, "left for a newer release: {newer}"),
            Self::Stray => f.write_str("an entry of the log that is neither a version nor a refusal of a workflow"),
            Self::NotDone(why) => write!(f, "could not be put in order this time: {why}"),
        }
    }
}

/// Why a rebuild ended before its end. What was done stays done; begin again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildIndexError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] StoreError),
    /// The index cannot be read or written.
    #[error("the index cannot be read or written")]
    Index(#[source] StoreError),
}

/// Puts the index entry of every workflow in order, and publishes what was not.
///
/// `progress` is called after every few workflows, and after every part of the log, with what was done so far, and may
/// end the rebuild there.
///
/// # Errors
/// When log or index fail. What concerns a single workflow is a finding and keeps no other from being put in order.
pub async fn rebuild_index<L, I, B>(
    ports: &Ports<L, I, B>,
    options: &RebuildOptions,
    mut progress: impl FnMut(&Rebuilt) -> ControlFlow<()>,
) -> Result<Rebuilt, RebuildIndexError>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex,
    B: EventBus,
{
    let mut rebuilt = Rebuilt::default();
    let mut before = BTreeSet::new();
    let mut from = None;
    loop {
        let part = ports.log.part(from.as_ref()).await.map_err(RebuildIndexError::Log)?;
        part.strays.into_iter().for_each(|key| rebuilt.found(key, Anomaly::Stray));
        // A workflow whose entries go on in this part was looked at whole when the part before named it.
        let fresh: Vec<WorkflowKey> = part.workflows.difference(&before).cloned().collect();
        for keys in fresh.chunks(options.workflows_at_once.max(1)) {
            put_in_order(ports, options, keys, &mut rebuilt).await?;
            if progress(&rebuilt).is_break() {
                return Ok(rebuilt);
            }
        }
        if fresh.is_empty() && progress(&rebuilt).is_break() {
            return Ok(rebuilt);
        }
        let Some(next) = part.next else { return Ok(rebuilt) };
        (from, before) = (Some(next), part.workflows);
    }
}

impl Rebuilt {
    fn found(&mut self, key: String, anomaly: Anomaly) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { key, anomaly });
        }
    }
}

/// What is to be done about one workflow.
#[derive(Debug, PartialEq)]
enum Course {
    /// The log has no version of it, and the index no entry.
    NotThere,
    /// Nothing.
    InOrder,
    /// Nothing, but to tell people.
    LeaveIt(Anomaly),
    /// Publish what follows `published`; then, unless the entry was right, put the head's entry in its place.
    PutInOrder { published: Option<Version>, head: Box<WorkflowEvent>, entry_is_right: bool },
}

/// One workflow that is to be put in order.
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
    // The index first: read after the log it could be ahead of what was seen there, with nothing wrong at all.
    let entries = ports.index.entries(keys).await.map_err(RebuildIndexError::Index)?;
    let look = |key| look(&ports.log, key, entries.get(key), options.published_before);
    let courses = try_join_all(keys.iter().map(look)).await.map_err(RebuildIndexError::Log)?;
    let mut disorders = Vec::new();
    for (key, course) in keys.iter().zip(courses) {
        rebuilt.workflows += u64::from(course != Course::NotThere);
        match course {
            Course::NotThere | Course::InOrder => {}
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
    for disorder in publish(ports, disorders, rebuilt).await {
        if disorder.entry_is_right {
            rebuilt.caught_up += 1;
            continue;
        }
        // Publishing moves an entry forward that it finds behind. One that claims too much, or that cannot be read,
        // it leaves alone; and one that was moved on meanwhile, by the publisher or a recovery, is in order.
        match ports.index.repair(&IndexEntry::from(&*disorder.head), disorder.seen).await {
            Ok(repaired) => rebuilt.repaired += u64::from(repaired == Advanced::Yes),
            // A newer release has written it since it was read.
            Err(StoreError::NewerFormat(newer)) => {
                rebuilt.found(disorder.key.to_string(), Anomaly::WrittenByNewerRelease(newer));
            }
            Err(error) => return Err(RebuildIndexError::Index(error)),
        }
    }
    Ok(())
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

/// Publishes what is missing, and gives those workflows of which everything is published.
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
            Some(Stop::Retryable(why) | Stop::Permanent(why)) => {
                rebuilt.found(disorder.key.to_string(), Anomaly::NotDone(why));
            }
        }
    }
    done
}

/// Reads the whole of a workflow's log and decides. Breaks that were released are passed over, as recovery does.
async fn look<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: Option<&Result<IndexEntry, NewerFormat>>,
    published_before: Option<Timestamp>,
) -> Result<Course, StoreError> {
    let indexed = match indexed {
        Some(Err(newer)) => return Ok(Course::LeaveIt(Anomaly::WrittenByNewerRelease(newer.clone()))),
        Some(Ok(indexed)) => Some(indexed),
        None => None,
    };
    match course_of(log, key, indexed, published_before).await {
        Err(StoreError::NewerFormat(newer)) => Ok(Course::LeaveIt(Anomaly::WrittenByNewerRelease(newer))),
        other => other,
    }
}

async fn course_of<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: Option<&IndexEntry>,
    published_before: Option<Timestamp>,
) -> Result<Course, StoreError> {
    let quarantine = log.quarantine(key).await?;
    let (mut entry_is_right, mut old) = (false, None);
    let walked = walk_past_releases(log, key, None, &quarantine, |event| {
        entry_is_right |= indexed.is_some_and(|indexed| *indexed == IndexEntry::from(event));
        // Time never goes back along a history, so the last that is old has only old ones before it.
        if published_before.is_some_and(|instant| event.timestamp < instant) {
            old = Some(event.version);
        }
    });
    let walked = walked.await?;
    // A version that was altered and released is built on as it is; no walk calls it sound.
    if let (WalkedPast::End(Some(last)), Some(indexed)) = (&walked, indexed) {
        entry_is_right |= *indexed == IndexEntry::from(&**last);
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
        // Whoever spoilt the entry may have raised its version as well, and may not: the lesser of the two holds.
        Some(published) => old.min(Some(published)),
        None => old,
    };
    Course::PutInOrder { published, head, entry_is_right }
}
