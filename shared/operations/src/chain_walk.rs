//! Walks along the chain of one workflow, page by page: to the first break, or past every released break.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, BreakKind, ChainWalk, Checked, content_of, is_intact};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::{CHECKED_AT_ONCE_MAX, CHECKED_BYTES_MAX, CHECKED_VERSIONS_MAX};
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
use alims_domain::stored_version::StoredVersion;
use std::cmp::Ordering;
use std::io::{self, Write};

use crate::ports::{LogError, StoreError, WorkflowLog};

/// The result of a walk along a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Walked {
    /// The last valid version.
    pub last: Option<WorkflowEvent>,
    /// The break that stopped the walk before the end.
    pub broken: Option<Break>,
    /// The number of valid versions.
    pub versions: u64,
    /// Whether the walk stopped because it had checked enough; then `last` is where the next one continues.
    pub interrupted: bool,
}

/// How much a walk may still check before it stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    versions: usize,
    bytes: usize,
}

impl Budget {
    /// A walk to the end.
    const fn unlimited() -> Self {
        Self { versions: usize::MAX, bytes: usize::MAX }
    }

    /// What one call checks.
    pub(crate) const fn of_a_call() -> Self {
        Self { versions: CHECKED_VERSIONS_MAX, bytes: CHECKED_BYTES_MAX }
    }

    fn spend(&mut self, event: &WorkflowEvent) {
        self.versions = self.versions.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size_of(event));
    }

    fn is_spent(&self) -> bool {
        self.versions == 0 || self.bytes == 0
    }
}

/// The size of the laboratory's own JSON in an event: all else of it is small.
pub(crate) fn size_of(event: &WorkflowEvent) -> usize {
    struct Counted(usize);
    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted(0);
    let written = serde_json::to_writer(&mut counted, &(&event.metadata, &event.validation_context));
    written.map_or(usize::MAX, |()| counted.0)
}

/// Walks the chain of one workflow from version 1 and stops at the first break.
///
/// `end` is a version known to exist: if the walk ends before it, a version is missing.
///
/// # Errors
/// When the log cannot be read.
pub async fn walk_chain<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Option<Version>,
) -> Result<Walked, StoreError> {
    walk_on(log, key, ChainWalk::new(key), end, &mut Budget::unlimited(), |_| {}).await
}

/// The same walk, continued from the position of `walk`, until the budget is spent. `seen` receives every valid version
/// in order. It stops for its budget only behind a valid version.
pub(crate) async fn walk_on<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    mut walk: ChainWalk<'_>,
    end: Option<Version>,
    budget: &mut Budget,
    mut seen: impl FnMut(&WorkflowEvent),
) -> Result<Walked, StoreError> {
    let (mut versions, mut interrupted) = (0, false);
    let broken = loop {
        let Some(from) = walk.awaited() else { break None };
        if budget.is_spent() && walk.last().is_some() {
            interrupted = true;
            break None;
        }
        let page = match readable(log, key, from, CHECKED_AT_ONCE_MAX).await? {
            Page::Versions(page) => page,
            Page::Broken(broken) => break Some(broken),
        };
        if page.is_empty() {
            // No more versions: valid, unless a later version is known to exist.
            break end.filter(|end| *end >= from).map(|_| Break { at: from, fault: BreakKind::Missing });
        }
        let walked = page.into_iter().try_for_each(|version| {
            walk.step(version.event)?;
            versions += 1;
            walk.last().into_iter().for_each(|last| budget.spend(last));
            walk.last().into_iter().for_each(&mut seen);
            Ok(())
        });
        if let Err(broken) = walked {
            break Some(broken);
        }
    };
    Ok(Walked { last: walk.last().cloned(), broken, versions, interrupted })
}

/// The version to which an earlier walk found the chain valid, read again; none when the log does not have it as it was
/// then.
pub(crate) async fn still_there<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    checked: &Checked,
) -> Result<Option<WorkflowEvent>, StoreError> {
    let there = event_at(log, key, checked.version).await?;
    Ok(there.filter(|event| event.hash == checked.hash && event.key() == *key && is_intact(event)))
}

/// Consecutive versions of the log, or why the first of them is not available.
pub(crate) enum Page {
    /// The readable ones; empty when there are no more.
    Versions(Vec<StoredVersion>),
    /// The first of them is missing or unreadable.
    Broken(Break),
}

/// The versions from `from` on, at most `limit`.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn readable<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    from: Version,
    limit: usize,
) -> Result<Page, StoreError> {
    match log.versions(key, from, limit).await {
        Ok(page) => Ok(Page::Versions(page)),
        Err(LogError::Store(error)) => Err(error),
        Err(LogError::Unreadable { version, .. }) => {
            let fault = if version == from { BreakKind::Unreadable } else { BreakKind::Missing };
            Ok(Page::Broken(Break { at: from, fault }))
        }
    }
}

/// The result of a walk past released breaks.
#[derive(Debug)]
pub(crate) enum WalkedPast {
    /// The end of the log: the newest version that is readable or was released as it is; none for an empty log.
    End(Option<Box<WorkflowEvent>>),
    /// An unreleased break.
    Broken(BreakFound),
}

/// Walks to the end of a log, past every released break, and stops at the first unreleased one. `seen` receives every
/// valid version in order.
///
/// `end` is the newest stored version.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn walk_past_releases<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Option<Version>,
    quarantine: &QuarantineRecord,
    mut seen: impl FnMut(&WorkflowEvent),
) -> Result<WalkedPast, StoreError> {
    let mut checked = None;
    loop {
        match walk_part(log, key, (checked, end), quarantine, Budget::unlimited(), &mut seen).await? {
            Part::Whole(walked) => return Ok(walked),
            Part::Interrupted(reached) => checked = Some(reached),
        }
    }
}

/// The result of a bounded walk past released breaks.
#[derive(Debug)]
pub(crate) enum Part {
    /// It came to its end.
    Whole(WalkedPast),
    /// Its budget is spent; the next walk continues behind this version.
    Interrupted(Checked),
}

/// The same walk, until the budget is spent. It begins at version 1, or behind the version to which an earlier walk
/// found the chain valid, if the log still has that version as it was then.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn walk_part<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    (checked, end): (Option<Checked>, Option<Version>),
    quarantine: &QuarantineRecord,
    mut budget: Budget,
    mut seen: impl FnMut(&WorkflowEvent),
) -> Result<Part, StoreError> {
    let checked = match checked {
        Some(checked) => still_there(log, key, &checked).await?,
        None => None,
    };
    let mut from = checked.as_ref().map_or(Version::FIRST, |checked| checked.version);
    let (mut walk, mut last) = (checked.map_or_else(|| ChainWalk::new(key), |it| ChainWalk::continuing(key, it)), None);
    loop {
        let walked = walk_on(log, key, walk, end, &mut budget, &mut seen).await?;
        last = walked.last.or(last);
        if let Some(reached) = last.as_ref().filter(|_| walked.interrupted) {
            return Ok(Part::Interrupted(reached.into()));
        }
        let Some(broken) = walked.broken else { return Ok(Part::Whole(WalkedPast::End(last.map(Box::new)))) };
        let found = identified(log, key, &broken).await?;
        if !quarantine.is_released(&found) {
            return Ok(Part::Whole(WalkedPast::Broken(found)));
        }
        if !matches!(broken.fault, BreakKind::Missing | BreakKind::Unreadable) {
            // Its release says that the next version is built on it as it is.
            last = event_at(log, key, broken.at).await?.or(last);
        }
        match goes_on_at(log, key, &broken, from).await? {
            // The position must increase even when the log returns a wrong version; otherwise the walk might not end.
            Some(next) if next > from && end.is_none_or(|end| next <= end) => {
                let base = last.clone().filter(|_| broken.fault == BreakKind::Unreadable);
                (from, walk) = (next, ChainWalk::resuming(key, next, base));
            }
            Some(_) | None => return Ok(Part::Whole(WalkedPast::End(last.map(Box::new)))),
        }
    }
}

/// The version at which the walk continues behind a released break; always above the start.
pub(crate) async fn goes_on_at<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    broken: &Break,
    began_at: Version,
) -> Result<Option<Version>, StoreError> {
    match broken.fault {
        // The release covers the missing link to the version before, so the walk restarts at this version.
        BreakKind::Unlinked if broken.at > began_at => Ok(Some(broken.at)),
        BreakKind::Missing => match log.versions(key, broken.at, 1).await {
            Ok(found) => Ok(found.first().map(|stored| stored.event.version)),
            Err(LogError::Unreadable { version, .. }) => Ok(Some(version)),
            Err(LogError::Store(error)) => Err(error),
        },
        BreakKind::Unlinked
        | BreakKind::Unreadable
        | BreakKind::Foreign
        | BreakKind::Altered
        | BreakKind::UnreadableQuarantine
        | BreakKind::UnreadableRecovery
        | BreakKind::Replaced
        | BreakKind::Changed => Ok(broken.at.next()),
    }
}

/// Identifies a break by the content that is stored at its place.
pub(crate) async fn identified<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    broken: &Break,
) -> Result<BreakFound, StoreError> {
    let nothing = ChainHash::genesis();
    let content = match (broken.fault, log.versions(key, broken.at, 1).await) {
        (_, Err(LogError::Store(error))) => return Err(error),
        (BreakKind::Missing, _) => nothing,
        (_, Err(LogError::Unreadable { version, content, .. })) => match version.cmp(&broken.at) {
            Ordering::Equal => content,
            Ordering::Less | Ordering::Greater => nothing,
        },
        (_, Ok(found)) => {
            let there = found.iter().find(|stored| stored.event.version == broken.at);
            there.map_or(nothing, |stored| content_of(&stored.event))
        }
    };
    Ok(BreakFound::new(broken.at, broken.fault, content))
}

/// The event of one version; none when it is missing or unreadable.
pub(crate) async fn event_at<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    version: Version,
) -> Result<Option<WorkflowEvent>, StoreError> {
    match log.versions(key, version, 1).await {
        Ok(found) => Ok(found.into_iter().map(|stored| stored.event).find(|event| event.version == version)),
        Err(LogError::Unreadable { .. }) => Ok(None),
        Err(LogError::Store(error)) => Err(error),
    }
}
