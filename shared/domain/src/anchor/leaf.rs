//! An entry of the log, as an anchor names it.

use serde::{Deserialize, Serialize};

use crate::hashing::ChainHash;
use crate::identifiers::{Version, WorkflowId};
use crate::timestamp::Timestamp;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The name of the entry in the activity of its tenant: the workflow's id (of an audit entry nothing), `#`, and the
    /// entry's key in the log.
    pub entry: String,
    /// The entry's own time.
    pub at: Timestamp,
    /// The workflow; absent of an audit entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version; absent of an entry that is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The SHA-256 of the canonical JSON of the entry as it is shown, without its own hash. Of an entry that could not
    /// be read it is the SHA-256 of the stored bytes.
    pub hash: ChainHash,
}
