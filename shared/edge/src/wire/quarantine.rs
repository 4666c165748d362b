//! A quarantine, and its release.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_domain::quarantine::{BreakId, InForce};
use alims_domain::timestamp::Timestamp;
use serde::Serialize;

use crate::wire::ChainFault;

/// A quarantine in force: the workflow can be read, but every transition is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarantineNotice {
    /// The id of the break, for a release.
    pub break_id: BreakId,
    /// The first broken version.
    pub broken_at_version: Version,
    /// The kind of break.
    pub fault: ChainFault,
    /// The hash of the stored bytes; 64 zeros if nothing is stored.
    pub content: ChainHash,
    /// The hash of the version that was published and is not in the history; only where the index shows the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_hash: Option<ChainHash>,
    /// When the break was found; absent if an entry is unreadable and no operation has recorded that yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined_at: Option<Timestamp>,
    /// The operation that found it; absent when `quarantined_at` is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_by: Option<String>,
}

impl From<InForce> for QuarantineNotice {
    fn from(in_force: InForce) -> Self {
        let InForce { found, recorded } = in_force;
        Self {
            break_id: found.id(),
            broken_at_version: found.at,
            fault: ChainFault::from(&found.fault),
            content: found.content,
            published_hash: found.published,
            quarantined_at: recorded.as_ref().map(|recorded| recorded.timestamp),
            found_by: recorded.map(|recorded| recorded.found_by),
        }
    }
}
