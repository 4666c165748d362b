//! Merges the kinds of entries of a history into one order that is the same for every size of its pages.
//!
//! The versions are in the order of their numbers, and each other kind is in an order of its own. An entry beside the
//! versions comes as soon as it may stand before the next version, and the oldest of several first.

use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use std::iter::Peekable;
use std::vec::IntoIter;

use crate::get_workflow_history::entries::{Beside, HistoryItem, HistoryPosition, Stands, Unreadable};

/// A version, or the unreadable entry in its place.
pub(crate) enum Found {
    Event(Box<WorkflowEvent>),
    Unreadable(Version, ChainHash),
}

impl Found {
    fn version(&self) -> Version {
        match self {
            Self::Event(event) => event.version,
            Self::Unreadable(version, _) => *version,
        }
    }

    /// Whether it comes before an entry. An unreadable version has no instant; it follows the version before it.
    fn is_before(&self, beside: &Beside) -> bool {
        match (beside.stands, self) {
            (Stands::Behind(newest), _) => newest.is_some_and(|newest| self.version() <= newest),
            (Stands::At(instant), Self::Event(event)) => event.timestamp <= instant,
            (Stands::BehindEarlierThan(instant), Self::Event(event)) => event.timestamp < instant,
            (Stands::At(_) | Stands::BehindEarlierThan(_), Self::Unreadable(..)) => true,
        }
    }
}

impl From<Found> for HistoryItem {
    fn from(found: Found) -> Self {
        match found {
            Found::Event(event) => Self::Version(event),
            Found::Unreadable(version, content) => Self::Unreadable(Unreadable::Version { version, content }),
        }
    }
}

/// The entries of one kind that were read.
pub(crate) struct Kind {
    entries: Peekable<IntoIter<Beside>>,
    /// Whether the log may have more behind them.
    is_cut: bool,
}

impl Kind {
    pub(crate) fn of(entries: impl IntoIterator<Item = Beside>, is_cut: bool) -> Self {
        Self { entries: entries.into_iter().collect::<Vec<_>>().into_iter().peekable(), is_cut }
    }

    /// Whether nothing is known of what comes next: entries that are not shown have used up what was read.
    fn is_used_up(&mut self) -> bool {
        self.is_cut && self.entries.peek().is_none()
    }
}

/// Merges at most `limit` entries behind a position; gives the position behind them, and whether more follow.
///
/// Of each kind there must be more than `limit` entries, or all. Entries that are not shown move the position on, so a
/// page may be short or empty although more follow. `stopped` says that more versions follow than are given;
/// what stands behind the last one given must then wait.
pub(crate) fn merge(
    versions: Vec<Found>,
    stopped: bool,
    mut beside: [Kind; 4],
    after: HistoryPosition,
    limit: usize,
) -> (Vec<HistoryItem>, Option<HistoryPosition>) {
    let mut versions = versions.into_iter().peekable();
    let (mut items, mut position) = (Vec::new(), after);
    // An earlier entry of a kind that is used up may follow in the next read.
    while items.len() < limit && !beside.iter_mut().any(Kind::is_used_up) {
        let next = versions.peek();
        let may_come = |entry: &Beside| next.map_or(!stopped, |next| !next.is_before(entry));
        let oldest = beside
            .iter_mut()
            .filter_map(|kind| {
                kind.entries.peek().filter(|entry| may_come(entry)).map(|entry| entry.at).map(|at| (at, kind))
            })
            .min_by_key(|(at, _)| *at);
        let (item, is_shown) = match oldest.and_then(|(_, kind)| kind.entries.next()) {
            Some(entry) => (Some(entry.item), entry.is_shown),
            None => (versions.next().map(HistoryItem::from), true),
        };
        let Some(item) = item else { break };
        position = position.behind(&item);
        if is_shown {
            items.push(item);
        }
    }
    let more = stopped
        || versions.peek().is_some()
        || beside.iter_mut().any(|kind| kind.is_cut || kind.entries.peek().is_some());
    (items, more.then_some(position))
}
