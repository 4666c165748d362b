//! Compares the versions of a history with the newest anchor, the witness that is out of an intruder's reach.

use alims_domain::anchor::AnchorFault;
use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::quarantine::BreakFound;
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeMap;

use crate::ports::NewestAnchor;

/// What became of the comparison with the newest anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The number of the anchor.
    pub number: u64,
    /// The end of the period that it covers; none when nothing can be compared with it.
    pub until: Option<Timestamp>,
    /// The versions of the part that are as the anchor names them.
    pub versions: u64,
    /// Why nothing can be compared with it.
    pub fault: Option<AnchorFault>,
}

/// Compares the valid versions of a part. `end` is the newest version, if the part reaches the end of a chain without a
/// break. The break is the first version that the anchor names and the history does not have.
pub(super) fn compare(
    newest: NewestAnchor,
    workflow_id: &WorkflowId,
    hashes: &BTreeMap<Version, ChainHash>,
    end: Option<Version>,
) -> (Anchored, Option<BreakFound>) {
    let manifest = match newest {
        NewestAnchor::Sound(manifest) => manifest,
        NewestAnchor::Faulty { number, fault } => {
            return (Anchored { number, until: None, versions: 0, fault: Some(fault) }, None);
        }
    };
    let mut anchored = Anchored { number: manifest.number, until: Some(manifest.until), versions: 0, fault: None };
    let mut broken: Option<BreakFound> = None;
    for leaf in manifest.leaves.into_iter().filter(|leaf| leaf.workflow_id.as_ref() == Some(workflow_id)) {
        let Some(version) = leaf.version else { continue };
        let found = match hashes.get(&version) {
            Some(hash) if *hash == leaf.hash => {
                anchored.versions = anchored.versions.saturating_add(1);
                None
            }
            Some(hash) => Some((version, BreakKind::Replaced, hash.clone())),
            None => {
                let next = end.filter(|end| *end < version).and_then(Version::next);
                next.map(|next| (next, BreakKind::Missing, leaf.hash.clone()))
            }
        };
        let found = found.map(|(at, fault, content)| BreakFound { at, fault, content, published: Some(leaf.hash) });
        broken = match (broken.take(), found) {
            (Some(first), Some(other)) if first.at <= other.at => Some(first),
            (first, other) => other.or(first),
        };
    }
    (anchored, broken)
}
