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
            (Stands::At(_), Self::Unreadable(..)) => true,
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

/// Merges at most `limit` entries behind a position; gives the position behind them, and whether more follow.
///
/// Of each kind there must be more than `limit` entries, or all. `stopped` says that more versions follow than are given;
/// what stands behind the last one given must then wait.
pub(crate) fn merge(
    versions: Vec<Found>,
    stopped: bool,
    beside: impl IntoIterator<Item = Vec<Beside>>,
    after: HistoryPosition,
    limit: usize,
) -> (Vec<HistoryItem>, Option<HistoryPosition>) {
    let mut versions = versions.into_iter().peekable();
    let mut beside: Vec<Peekable<IntoIter<Beside>>> =
        beside.into_iter().map(|entries| entries.into_iter().peekable()).collect();
    let (mut items, mut position) = (Vec::new(), after);
    while items.len() < limit {
        let next = versions.peek();
        let may_come = |entry: &Beside| next.map_or(!stopped, |next| !next.is_before(entry));
        let oldest = beside
            .iter_mut()
            .filter_map(|kind| kind.peek().filter(|entry| may_come(entry)).map(|entry| entry.at).map(|at| (at, kind)))
            .min_by_key(|(at, _)| *at);
        let item = match oldest.and_then(|(_, kind)| kind.next()) {
            Some(entry) => Some(entry.item),
            None => versions.next().map(HistoryItem::from),
        };
        let Some(item) = item else { break };
        position = position.behind(&item);
        items.push(item);
    }
    let more = stopped || versions.peek().is_some() || beside.iter_mut().any(|kind| kind.peek().is_some());
    (items, more.then_some(position))
}
