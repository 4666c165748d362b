//! The inbox: it orders deliveries, keeps early ones, and lists the missing ones.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::time::SystemTime;

use crate::event::{Event, WorkflowKey};

/// How many events may wait at once by default. At their largest they take 256 MiB.
pub const WAITING_EVENTS_MAX: usize = 1000;
/// How many refused attempts are remembered, the last ones received: a repetition that comes later passes again.
pub const REFUSALS_REMEMBERED_MAX: usize = 1000;

/// How far a subscriber has followed a workflow: all that it has to keep of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last version that was applied or precedes the subscriber's start; 0 when there is none.
    pub version: u64,
    /// That version's event; absent when it was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

impl Position {
    /// The position of a subscriber that starts after this version.
    #[must_use]
    pub fn at(version: u64) -> Self {
        Self { version, event_id: None }
    }
}

impl Event {
    /// The position of a subscriber that has applied this event; none for a refused attempt.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.version.map(|version| Position { version, event_id: Some(self.event_id.clone()) })
    }
}

impl Event {
    /// Whether it is next in line for a subscriber that has got to this version.
    fn follows(&self, reached: u64) -> bool {
        let Some(version) = self.version else { return false };
        let from = self.resumes_from.unwrap_or(version.saturating_sub(1));
        (from..version).contains(&reached)
    }
}

/// What became of a delivery.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "events that are to be applied are handed out here and nowhere else"]
pub enum Received {
    /// Apply these events now, in this order: the one received, and those that waited for it.
    Apply(Vec<Event>),
    /// Earlier versions are missing: [`Inbox::gaps`] says which. Received again while it waits, it waits on.
    Waits,
    /// It was returned before.
    Duplicate,
    /// A version older than the position. Which event it was is no longer known, so its identity was not compared.
    Past,
}

/// Two events claim the same version of a workflow. The first one received counts; a person must review the conflict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {version} of {workflow} is the event {first}, and now {other} as well")]
pub struct Conflict {
    /// The workflow.
    pub workflow: WorkflowKey,
    /// The version.
    pub version: u64,
    /// The event that came first.
    pub first: String,
    /// The other one.
    pub other: String,
}

/// Why a delivery was not taken. The inbox is as it was.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It contradicts an earlier event.
    #[error(transparent)]
    Conflict(Conflict),
    /// It would have to wait, and the maximum number of events waits already. The inbox still accepts the next event in
    /// order, so that closing a gap makes room: deliver this one again later.
    #[error("{waiting_max} events wait already: version {version} of {workflow} must be delivered again")]
    Full {
        /// The limit.
        waiting_max: usize,
        /// The workflow.
        workflow: WorkflowKey,
        /// The version that was not taken.
        version: u64,
    },
}

/// What starting at a position set free.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "events that are to be applied are handed out here and nowhere else"]
pub struct Started {
    /// To be applied now, in this order.
    pub apply: Vec<Event>,
    /// What had waited and is now before the subscriber's time: not to be applied.
    pub passed_over: Vec<Event>,
}

/// Why a subscriber cannot start at a position. The inbox is as it was.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// It contradicts an earlier event.
    #[error(transparent)]
    Conflict(Conflict),
    /// The inbox is past this position: the versions between would be returned twice.
    #[error("{workflow} is followed up to version {reached} already")]
    Behind {
        /// The workflow.
        workflow: WorkflowKey,
        /// How far it is followed.
        reached: u64,
    },
}

/// Versions of a workflow that are missing while a later one has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The workflow.
    pub workflow: WorkflowKey,
    /// The missing versions, first and last.
    pub versions: RangeInclusive<u64>,
    /// When the first later version came: since then they are known to be missing.
    pub since: SystemTime,
}

/// Sorts and deduplicates. Every workflow is followed from version 1 on, unless [`Inbox::start_after`] says otherwise.
#[derive(Debug)]
pub struct Inbox {
    waiting_max: usize,
    waiting: usize,
    followed: BTreeMap<WorkflowKey, Followed>,
    refusals: VecDeque<(String, WorkflowKey)>,
}

/// One workflow.
#[derive(Debug, Default)]
struct Followed {
    position: Position,
    /// What came too early, by version.
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    event: Event,
    since: SystemTime,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new(WAITING_EVENTS_MAX)
    }
}

impl Inbox {
    /// An empty inbox in which at most so many events wait at once, of all workflows together.
    #[must_use]
    pub fn new(waiting_max: usize) -> Self {
        Self { waiting_max, waiting: 0, followed: BTreeMap::new(), refusals: VecDeque::new() }
    }

    /// Receives a delivery. `at` is its arrival time; only [`Gap::since`] depends on it.
    ///
    /// A refused attempt has no place in the order. Apply it when it arrives, unless it repeats one of the last
    /// [`REFUSALS_REMEMBERED_MAX`].
    ///
    /// # Errors
    /// When there is no room for it to wait, or another event has that version. Nothing is changed then.
    pub fn receive(&mut self, event: Event, at: SystemTime) -> Result<Received, NotTaken> {
        let Some(version) = event.version else { return Ok(self.receive_refusal(event)) };
        let followed = self.followed.get(&event.workflow);
        let reached = followed.map_or(0, |followed| followed.position.version);
        if let Some(first) = followed.and_then(|followed| followed.event_of(version)) {
            compare(&event.workflow, version, first, &event.event_id).map_err(NotTaken::Conflict)?;
            return Ok(if version > reached { Received::Waits } else { Received::Duplicate });
        }
        if version <= reached {
            return Ok(Received::Past);
        }
        let next_in_line = event.follows(reached);
        if !next_in_line && self.waiting >= self.waiting_max {
            return Err(NotTaken::Full { waiting_max: self.waiting_max, workflow: event.workflow, version });
        }
        let followed = self.followed.entry(event.workflow.clone()).or_default();
        followed.waiting.insert(version, Waiting { event, since: at });
        self.waiting += 1;
        if !next_in_line {
            return Ok(Received::Waits);
        }
        let before = followed.waiting.len();
        let apply = followed.release();
        self.waiting -= before - followed.waiting.len();
        Ok(Received::Apply(apply))
    }

    /// Starts after a position, for one of two reasons: the subscriber had reached it before the process ended, or, as
    /// [`Position::at`], everything up to it precedes the subscriber's start.
    ///
    /// A subscriber that joins late gets its start from the workflow's state, whose version it then has, or from a gap
    /// that begins with version 1 and does not close. The subscriber must decide this: an inbox cannot distinguish
    /// events before the start from late ones.
    ///
    /// # Errors
    /// When the inbox is already past it, or another event has that version. Nothing is changed then.
    pub fn start_after(&mut self, workflow: WorkflowKey, position: Position) -> Result<Started, NotStarted> {
        let followed = self.followed.get(&workflow);
        let reached = followed.map_or(0, |followed| followed.position.version);
        if position.version < reached {
            return Err(NotStarted::Behind { workflow, reached });
        }
        let first = followed.and_then(|followed| followed.event_of(position.version));
        if let (Some(first), Some(other)) = (first, &position.event_id) {
            compare(&workflow, position.version, first, other).map_err(NotStarted::Conflict)?;
        }
        let event_id = position.event_id.or_else(|| first.map(str::to_owned));
        let followed = self.followed.entry(workflow).or_default();
        let later = followed.waiting.split_off(&position.version.saturating_add(1));
        let passed_over = std::mem::replace(&mut followed.waiting, later);
        followed.position = Position { version: position.version, event_id };
        let passed_over: Vec<Event> = passed_over.into_values().map(|waiting| waiting.event).collect();
        let before = followed.waiting.len();
        let apply = followed.release();
        self.waiting -= passed_over.len() + before - followed.waiting.len();
        Ok(Started { apply, passed_over })
    }

    /// The missing versions, by workflow and in version order.
    ///
    /// A version is known to be missing only when a later one has arrived: the inbox cannot know of a newer event that
    /// never came.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        self.followed.iter().flat_map(|(workflow, followed)| followed.gaps(workflow)).collect()
    }

    /// The position in each workflow. A subscriber stores these, to continue with [`Inbox::start_after`].
    ///
    /// Waiting events are not included: an unacknowledged event is delivered again.
    pub fn positions(&self) -> impl Iterator<Item = (&WorkflowKey, &Position)> {
        let positions = self.followed.iter().map(|(workflow, followed)| (workflow, &followed.position));
        positions.filter(|(_, position)| position.version > 0)
    }

    /// How many events wait for earlier ones.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    fn receive_refusal(&mut self, event: Event) -> Received {
        let identity = (event.event_id.clone(), event.workflow.clone());
        if self.refusals.contains(&identity) {
            return Received::Duplicate;
        }
        if self.refusals.len() == REFUSALS_REMEMBERED_MAX {
            self.refusals.pop_front();
        }
        self.refusals.push_back(identity);
        Received::Apply(vec![event])
    }
}

impl Followed {
    /// The event that is known to be this version.
    fn event_of(&self, version: u64) -> Option<&str> {
        if version == self.position.version {
            self.position.event_id.as_deref()
        } else {
            self.waiting.get(&version).map(|waiting| waiting.event.event_id.as_str())
        }
    }

    /// Returns the next events in order, as far as they have arrived. The log passed over a waiting event between two
    /// consecutive ones, so that event is dropped.
    fn release(&mut self) -> Vec<Event> {
        let mut apply = Vec::new();
        loop {
            let reached = self.position.version;
            let next = self.waiting.iter().find(|(_, waiting)| waiting.event.follows(reached));
            let Some(version) = next.map(|(version, _)| *version) else { return apply };
            let later = self.waiting.split_off(&version.saturating_add(1));
            let passed = std::mem::replace(&mut self.waiting, later);
            let Some((_, Waiting { event, .. })) = passed.into_iter().next_back() else { return apply };
            self.position = Position { version, event_id: Some(event.event_id.clone()) };
            apply.push(event);
        }
    }

    fn gaps(&self, workflow: &WorkflowKey) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut since: Option<SystemTime> = None;
        // From the newest down: a gap is as old as the oldest delivery of anything later.
        let mut newest_first = self.waiting.iter().rev().peekable();
        while let Some((version, waiting)) = newest_first.next() {
            let before = newest_first.peek().map_or(self.position.version, |(version, _)| **version);
            let noticed = since.map_or(waiting.since, |since| since.min(waiting.since));
            since = Some(noticed);
            let last = waiting.event.resumes_from.map_or(version - 1, |from| from.min(version - 1));
            let versions = before + 1..=last;
            if !versions.is_empty() {
                gaps.push(Gap { workflow: workflow.clone(), versions, since: noticed });
            }
        }
        gaps.reverse();
        gaps
    }
}

fn compare(workflow: &WorkflowKey, version: u64, first: &str, other: &str) -> Result<(), Conflict> {
    if first == other {
        return Ok(());
    }
    Err(Conflict { workflow: workflow.clone(), version, first: first.to_owned(), other: other.to_owned() })
}
