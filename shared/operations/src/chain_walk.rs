//! Walks along the chain of one workflow, page by page: to the first break, or past every released break.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, BreakKind, ChainWalk, content_of};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::WALK_ITEMS_MAX;
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
use alims_domain::stored_version::StoredVersion;
use std::cmp::Ordering;

use crate::ports::{LogError, StoreError, WorkflowLog};

/// The result of a walk along a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Walked {
    /// The last valid version.
    pub last: Option<WorkflowEvent>,
    /// The break that stopped the walk before the end.
    pub broken: Option<Break>,
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
    walk_chain_seeing(log, key, end, |_| {}).await
}

/// The same walk; `seen` receives every valid version in order.
pub(crate) async fn walk_chain_seeing<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Option<Version>,
    seen: impl FnMut(&WorkflowEvent),
) -> Result<Walked, StoreError> {
    walk_on(log, key, ChainWalk::new(key), end, seen).await
}

/// The same walk, continued from the position of `walk`.
pub(crate) async fn walk_on<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    mut walk: ChainWalk<'_>,
    end: Option<Version>,
    mut seen: impl FnMut(&WorkflowEvent),
) -> Result<Walked, StoreError> {
    let broken = loop {
        let Some(from) = walk.awaited() else { break None };
        let page = match readable(log, key, from, WALK_ITEMS_MAX).await? {
            Page::Versions(page) => page,
            Page::Broken(broken) => break Some(broken),
        };
        if page.is_empty() {
            // No more versions: valid, unless a later version is known to exist.
            break end.filter(|end| *end >= from).map(|_| Break { at: from, fault: BreakKind::Missing });
        }
        let walked = page.into_iter().try_for_each(|version| {
            walk.step(version.event)?;
            walk.last().into_iter().for_each(&mut seen);
            Ok(())
        });
        if let Err(broken) = walked {
            break Some(broken);
        }
    };
    Ok(Walked { last: walk.last().cloned(), broken })
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
    let (mut from, mut walk, mut last) = (Version::FIRST, ChainWalk::new(key), None);
    loop {
        let walked = walk_on(log, key, walk, end, &mut seen).await?;
        last = walked.last.or(last);
        let Some(broken) = walked.broken else { return Ok(WalkedPast::End(last.map(Box::new))) };
        let found = identified(log, key, &broken).await?;
        if !quarantine.is_released(&found) {
            return Ok(WalkedPast::Broken(found));
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
            Some(_) | None => return Ok(WalkedPast::End(last.map(Box::new))),
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
        | BreakKind::Replaced => Ok(broken.at.next()),
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
