//! The log in memory.

use alims_domain::activity::ActivityKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::{
    AppendError, AuditPlace, LogError, LogWalk, NewerFormat, StoreError, WalkPart, WalkPosition, WorkflowLog,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::contract::tampered::{Place, Tampered};
use crate::records::{Kept, MemoryAudit, Noted, NotedPlace, Records};

/// A log that lasts as long as its clones, which share it.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    pub(crate) workflows: Arc<Mutex<BTreeMap<WorkflowKey, Entries>>>,
    pub(crate) audits: Arc<Mutex<BTreeMap<(TenantId, AuditPlace), MemoryAudit>>>,
    part_entries_max: usize,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self { workflows: Arc::default(), audits: Arc::default(), part_entries_max: usize::MAX }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Entries {
    versions: BTreeMap<Version, Result<StoredVersion, NotRead>>,
    pub(crate) refusals: BTreeMap<EventId, Kept<Refusal>>,
    pub(crate) records: Records,
}

impl Entries {
    fn note(&mut self, version: &StoredVersion) {
        let event = &version.event;
        let place = NotedPlace::Version(event.version);
        let noted = Noted { kind: event.event_type.into(), by: Some(event.requested_by.clone()), place };
        self.records.activity.insert((event.timestamp, format!("v{:010}", event.version)), noted);
    }

    /// A version, if it is there.
    pub(crate) fn version(&self, key: &WorkflowKey, version: Version) -> Option<Result<StoredVersion, LogError>> {
        self.versions.get(&version).map(|stored| read(key, version, stored))
    }
}

/// Why a version is none that can be read.
#[derive(Clone, Debug)]
enum NotRead {
    /// It is damaged, in this way.
    Damaged(String),
    /// It is of this format.
    NewerFormat(u64),
}

impl MemoryLog {
    /// The same log, but a part of a walk holds no more than so many entries (at least one), as a store's does.
    #[must_use]
    pub fn walking_at_most(mut self, entries: usize) -> Self {
        self.part_entries_max = entries.max(1);
        self
    }

    /// Every readable version and every readable refusal of a workflow, oldest first.
    #[must_use]
    pub fn entries(&self, key: &WorkflowKey) -> (Vec<StoredVersion>, Vec<Refusal>) {
        let log = self.workflows.lock().unwrap();
        log.get(key).map_or_else(Default::default, |entries| {
            let versions = entries.versions.values().filter_map(|version| version.clone().ok()).collect();
            (versions, entries.refusals.values().filter_map(|refusal| refusal.clone().ok()).collect())
        })
    }

    /// Every workflow that has entries.
    #[must_use]
    pub fn keys(&self) -> Vec<WorkflowKey> {
        self.workflows.lock().unwrap().keys().cloned().collect()
    }

    /// Works on a workflow's records other than versions.
    pub(crate) fn with_records<T>(&self, key: &WorkflowKey, work: impl FnOnce(&mut Records) -> T) -> T {
        work(&mut self.workflows.lock().unwrap().entry(key.clone()).or_default().records)
    }

    /// Writes a version without any condition, which no port can do and only an intruder would.
    pub fn overwrite(&self, version: StoredVersion) {
        let mut log = self.workflows.lock().unwrap();
        let entries = log.entry(version.event.key()).or_default();
        entries.note(&version);
        entries.versions.insert(version.event.version, Ok(version));
    }

    /// Makes a version unreadable.
    pub fn damage(&self, key: &WorkflowKey, version: Version, why: &str) {
        let mut log = self.workflows.lock().unwrap();
        log.entry(key.clone()).or_default().versions.insert(version, Err(NotRead::Damaged(why.to_owned())));
    }

    /// The hash of a version that was damaged so.
    #[must_use]
    pub fn content_of_damaged(why: &str) -> ChainHash {
        ChainHash::of(why.as_bytes())
    }

    /// Puts a version in place as a newer release would write it.
    pub fn write_newer(&self, key: &WorkflowKey, version: Version, format: u64) {
        let mut log = self.workflows.lock().unwrap();
        log.entry(key.clone()).or_default().versions.insert(version, Err(NotRead::NewerFormat(format)));
    }

    /// Removes a version and leaves a gap.
    pub fn remove(&self, key: &WorkflowKey, version: Version) {
        let mut log = self.workflows.lock().unwrap();
        log.entry(key.clone()).or_default().versions.remove(&version);
    }
}

fn read(
    key: &WorkflowKey,
    version: Version,
    stored: &Result<StoredVersion, NotRead>,
) -> Result<StoredVersion, LogError> {
    stored.clone().map_err(|not_read| match not_read {
        NotRead::Damaged(why) => {
            let content = MemoryLog::content_of_damaged(&why);
            LogError::Unreadable { key: key.clone(), version, content, why }
        }
        NotRead::NewerFormat(format) => {
            LogError::Store(NewerFormat { item: format!("{key} {version}"), format }.into())
        }
    })
}

impl WorkflowLog for MemoryLog {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        let log = self.workflows.lock().unwrap();
        let newest = log.get(key).and_then(|entries| entries.versions.last_key_value());
        newest.map(|(version, stored)| read(key, *version, stored)).transpose()
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        let log = self.workflows.lock().unwrap();
        let newest = log.get(key).and_then(|entries| entries.versions.range(..below).next_back());
        newest.map(|(version, stored)| read(key, *version, stored)).transpose()
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        let log = self.workflows.lock().unwrap();
        let Some(entries) = log.get(key) else { return Ok(Vec::new()) };
        let mut versions = Vec::new();
        for (version, stored) in entries.versions.range(from..).take(limit) {
            match read(key, *version, stored) {
                Ok(version) => versions.push(version),
                Err(unreadable) if versions.is_empty() => return Err(unreadable),
                Err(_) => break,
            }
        }
        Ok(versions)
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        let log = self.workflows.lock().unwrap();
        let Some(entries) = log.get(key) else { return Ok(Vec::new()) };
        let behind = entries.refusals.iter().filter(|(event_id, _)| after.is_none_or(|after| **event_id > after));
        let kept = behind.map(|(event_id, refusal)| match refusal.clone() {
            Ok(refusal) => KeptRefusal::Refusal(Box::new(refusal)),
            Err(content) => KeptRefusal::Unreadable { event_id: *event_id, content },
        });
        Ok(kept.take(limit).collect())
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        let mut log = self.workflows.lock().unwrap();
        let key = version.event.key();
        let entries = log.entry(key.clone()).or_default();
        match entries.versions.get(&version.event.version) {
            None => {
                entries.note(version);
                entries.versions.insert(version.event.version, Ok(version.clone()));
                Ok(())
            }
            Some(stored) => {
                let winner = read(&key, version.event.version, stored).map_err(|error| match error {
                    LogError::Store(error) => error,
                    // It may be ours.
                    LogError::Unreadable { .. } => StoreError::Unavailable(Box::new(error)),
                })?;
                if winner.event.event_id == version.event.event_id {
                    Ok(())
                } else {
                    Err(AppendError::VersionTaken(Box::new(winner)))
                }
            }
        }
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        let mut log = self.workflows.lock().unwrap();
        let entries = log.entry(refusal.key()).or_default();
        entries.refusals.entry(refusal.event_id).or_insert_with(|| Ok(refusal.clone()));
        let place = NotedPlace::Refusal(refusal.event_id);
        let by = Some(refusal.requested_by.clone());
        let noted = Noted { kind: ActivityKind::WorkflowTransitionRefused, by, place };
        entries.records.activity.insert((refusal.timestamp, format!("r{}", refusal.event_id)), noted);
        Ok(())
    }
}

impl Tampered for MemoryLog {
    type Log = Self;

    fn log(&self) -> &Self {
        self
    }

    async fn spoil(&self, key: &WorkflowKey, place: Place<'_>, how: &str) {
        match place {
            Place::Version(version) => self.damage(key, version, how),
            Place::Refusal(event_id) => {
                let content = Self::content_of_damaged(how);
                self.workflows.lock().unwrap().entry(key.clone()).or_default().refusals.insert(event_id, Err(content));
            }
            Place::Claim(..) | Place::Outcome(..) | Place::Quarantine(_) | Place::Overdue(_) => {
                self.with_records(key, |records| records.spoil(place, Self::content_of_damaged(how)));
            }
        }
    }

    async fn spoil_audit(&self, tenant: &TenantId, place: &AuditPlace, how: &str) {
        self.damage_audit(tenant, place, Self::content_of_damaged(how));
    }

    async fn take_out(&self, key: &WorkflowKey, place: Place<'_>) {
        match place {
            Place::Version(version) => self.remove(key, version),
            Place::Refusal(event_id) => {
                self.workflows.lock().unwrap().entry(key.clone()).or_default().refusals.remove(&event_id);
            }
            Place::Claim(..) | Place::Outcome(..) | Place::Quarantine(_) | Place::Overdue(_) => {
                self.with_records(key, |records| records.remove(place));
            }
        }
    }
}

/// A position is the last entry of the part before: its workflow, and its place among that workflow's entries. That of a
/// segment has its number and how many there are before it.
impl LogWalk for MemoryLog {
    fn segments(&self, number: u16) -> Vec<Option<WalkPosition>> {
        let number = number.max(1);
        (0..number).map(|segment| Some(WalkPosition(format!("{segment}:{number}:")))).collect()
    }

    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        let begun = from.map(|from| in_segment(from).ok_or(StoreError::Refused("no such position".into())));
        let (segment, after) = begun.transpose()?.unwrap_or_default();
        let log = self.workflows.lock().unwrap();
        let entries = log.iter().flat_map(|(key, entries)| {
            let refusals = entries.refusals.keys().map(|id| format!("r{id}"));
            let versions = entries.versions.keys().map(|version| format!("v{version:010}"));
            let records = entries.records.entries();
            records.into_iter().chain(refusals).chain(versions).map(|entry| (key.clone(), entry))
        });
        let mut left = entries
            .filter(|(key, _)| segment.is_none_or(|segment| is_of(segment, key)))
            .filter(|entry| after.as_ref().is_none_or(|after| entry > after))
            .peekable();
        let mut part = WalkPart::default();
        let prefix = segment.map(|(segment, number)| format!("{segment}:{number}:")).unwrap_or_default();
        for (key, entry) in left.by_ref().take(self.part_entries_max) {
            part.next = Some(WalkPosition(format!("{prefix}{key}/{entry}")));
            part.workflows.insert(key);
        }
        if left.peek().is_none() {
            part.next = None;
        }
        Ok(part)
    }
}

/// A segment, and of how many.
type Segment = (u16, u16);

/// A workflow is wholly in one segment.
fn is_of((segment, number): Segment, key: &WorkflowKey) -> bool {
    let sum = key.to_string().bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte)));
    sum % number == segment
}

#[allow(clippy::type_complexity, reason = "the two parts of a position, each of which may be absent")]
fn in_segment(position: &WalkPosition) -> Option<(Option<Segment>, Option<(WorkflowKey, String)>)> {
    let mut parts = position.0.splitn(3, ':');
    let segment = parts.next().and_then(|text| text.parse().ok()).zip(parts.next().and_then(|text| text.parse().ok()));
    match (segment, parts.next()) {
        (Some(segment), Some("")) => Some((Some(segment), None)),
        (Some(segment), Some(rest)) => Some((Some(segment), Some(read_position(rest)?))),
        (None, _) | (_, None) => Some((None, Some(read_position(&position.0)?))),
    }
}

fn read_position(position: &str) -> Option<(WorkflowKey, String)> {
    let (tenant, rest) = position.split_once('/')?;
    let (workflow, entry) = rest.split_once('/')?;
    let key = WorkflowKey { tenant_id: tenant.parse().ok()?, workflow_id: workflow.parse().ok()? };
    Some((key, entry.to_owned()))
}
