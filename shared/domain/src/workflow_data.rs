//! What people keep on a workflow: everything that an amendment may change.

use serde::Serialize;

use crate::identifiers::PrincipalId;
use crate::json::Metadata;
use crate::labels::Labels;
use crate::timestamp::Timestamp;

/// The data of a workflow at one version. An absent value is absent, not null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WorkflowData {
    /// The laboratory's own data.
    pub metadata: Metadata,
    /// The texts by which people find it.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// When it should be finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work. The service does not check that such a principal exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
}

impl From<Metadata> for WorkflowData {
    fn from(metadata: Metadata) -> Self {
        Self { metadata, ..Self::default() }
    }
}
