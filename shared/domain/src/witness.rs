//! The index entry as a witness: it keeps the hash of the newest published version. A log whose end was cut off, or cut
//! off and made anew, is a sound chain; only the witness shows that another version was published.

use crate::event::WorkflowEvent;
use crate::hash_chain::BreakKind;
use crate::hashing::ChainHash;
use crate::identifiers::Version;
use crate::projection::IndexEntry;
use crate::quarantine::{BreakFound, QuarantineRecord};
use crate::stored_name::{Part, digest};

/// What the index entry says of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// Nothing against it.
    Agrees,
    /// The published version is missing or is another one, and a person released that.
    Released,
    /// The published version is missing or is another one.
    Contradicts(BreakFound),
}

/// Compares an index entry with the log. The entry must have been read before the log: every published version was in
/// the log first. `end` is the newest stored version, and `claimed` the event of the version that the entry names, as
/// far as it can be read.
#[must_use]
pub fn testimony(
    indexed: &IndexEntry,
    claimed: Option<&WorkflowEvent>,
    end: Version,
    quarantine: &QuarantineRecord,
) -> Testimony {
    let content = witness(indexed);
    let released = quarantine.is_loss_released(&content);
    if indexed.published_version > end {
        // The end moves with each transition after a release, and the entry stays the evidence of the same loss.
        let at = end.next().filter(|_| !released);
        let published = Some(indexed.head_hash.clone());
        return at.map_or(Testimony::Released, |at| {
            Testimony::Contradicts(BreakFound { at, fault: BreakKind::Missing, content, published })
        });
    }
    match claimed.filter(|claimed| claimed.hash != indexed.head_hash) {
        None => Testimony::Agrees,
        Some(claimed) => {
            let found = replaced(indexed, claimed);
            // What was made in the place of a released loss is the work of those who went on.
            if released || quarantine.is_released(&found) { Testimony::Released } else { Testimony::Contradicts(found) }
        }
    }
}

fn replaced(indexed: &IndexEntry, claimed: &WorkflowEvent) -> BreakFound {
    BreakFound {
        at: indexed.published_version,
        fault: BreakKind::Replaced,
        content: claimed.hash.clone(),
        published: Some(indexed.head_hash.clone()),
    }
}

/// The first break of which an index entry or the stream of the log was the evidence, released or not. Once the index is
/// in order again, or the entry stands there as before, only the record still shows it.
#[must_use]
pub fn recorded(quarantine: &QuarantineRecord) -> Option<BreakFound> {
    let about = quarantine.entries.iter().map(crate::quarantine::QuarantineEntry::about);
    about.filter(|found| found.published.is_some() || found.fault == BreakKind::Changed).min()
}

/// Whether this index entry is the evidence of the break: it names published versions that are missing.
#[must_use]
pub fn bears_witness_of(indexed: &IndexEntry, found: &BreakFound) -> bool {
    found.fault == BreakKind::Missing && found.content == witness(indexed)
}

/// The evidence in an index entry, as a hash: another claim is another loss.
fn witness(indexed: &IndexEntry) -> ChainHash {
    let IndexEntry { published_version, updated_at, current_state, head_hash, .. } = indexed;
    let claim = [Part::of(published_version), Part::of(updated_at), Part::of(current_state), Part::of(head_hash)];
    ChainHash::of(&digest(&claim))
}
