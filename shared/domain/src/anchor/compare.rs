//! The comparison of one anchor with what the log has of its period now.

use std::collections::BTreeMap;

use crate::anchor::leaf::Leaf;
use crate::anchor::manifest::Manifest;
use crate::anchor::sequence::{Finding, LogFault};
use crate::identifiers::Version;

/// An entry as the log has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name, its time and the hash of its content.
    pub leaf: Leaf,
    /// Whether it is readable and its content fits its own hash.
    pub sound: bool,
}

/// A comparison under way: it takes what the log has, entry by entry, and keeps what was not there yet.
#[derive(Clone, Debug)]
pub struct Comparison {
    number: u64,
    left: BTreeMap<String, Leaf>,
    compared: u64,
}

impl Comparison {
    /// Of all entries of an anchor.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        let left = manifest.leaves.iter().map(|leaf| (leaf.entry.clone(), leaf.clone())).collect();
        Self { number: manifest.number, left, compared: 0 }
    }

    /// How many entries the log had as the anchor names them.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// Takes an entry that the log has in the period.
    pub fn see(&mut self, seen: Seen) -> Option<Finding> {
        let Some(anchored) = self.left.remove(&seen.leaf.entry) else {
            return Some(Finding::Log { number: self.number, leaf: seen.leaf, fault: LogFault::Added });
        };
        if anchored == seen.leaf {
            self.compared = self.compared.saturating_add(1);
            return None;
        }
        Some(self.differs(anchored, seen.sound))
    }

    /// Takes an entry that the log has as the anchor names it, but did not show in the period.
    pub fn is_there(&mut self) {
        self.compared = self.compared.saturating_add(1);
    }

    /// The entries that the log did not have in the period.
    #[must_use]
    pub fn left(&self) -> Vec<Leaf> {
        self.left.values().cloned().collect()
    }

    /// An entry that the log has with another content, wherever.
    #[must_use]
    pub fn differs(&self, leaf: Leaf, sound: bool) -> Finding {
        // With a content that fits its hash, version 1 begins another chain.
        let forged = sound && leaf.version == Some(Version::FIRST);
        let fault = if forged { LogFault::Forged } else { LogFault::Altered };
        Finding::Log { number: self.number, leaf, fault }
    }

    /// An entry that the log does not have at all. `newest` is the number of the newest version of its workflow.
    #[must_use]
    pub fn is_gone(&self, leaf: Leaf, newest: Option<Version>) -> Finding {
        let is_the_end = leaf.version.is_some_and(|version| newest.is_none_or(|newest| newest < version));
        let fault = if is_the_end { LogFault::EndCut } else { LogFault::Removed };
        Finding::Log { number: self.number, leaf, fault }
    }
}
