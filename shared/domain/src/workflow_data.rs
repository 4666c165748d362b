//! What people keep on a workflow: everything that an amendment may change.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::identifiers::{LabelName, LabelValue, PrincipalId};
use crate::invalid::InvalidValue;
use crate::json::{JsonRefused, Metadata};
use crate::labels::Labels;
use crate::timestamp::Timestamp;

/// The data of a workflow at one version. An absent value is absent, not null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WorkflowData {
    /// The laboratory's own data.
    pub metadata: Metadata,
    /// The texts by which people find it.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub labels: Labels,
    /// When it should be finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work. The service does not check that such a principal exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
}

/// What becomes of a value that a workflow need not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is this from now on.
    Set(T),
    /// There is none from now on.
    Remove,
}

impl<T: Clone> Change<T> {
    fn applied_to(&self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(value) => Some(value.clone()),
            Self::Remove => None,
        }
    }
}

/// A change of a workflow's data. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DataPatch {
    /// A merge patch (RFC 7396) of the metadata.
    pub metadata: Option<Map<String, Value>>,
    /// A value replaces or adds a label, and none removes it.
    pub labels: BTreeMap<LabelName, Option<LabelValue>>,
    /// The new due date.
    pub due_at: Change<Timestamp>,
    /// The new assignee.
    pub assignee: Change<PrincipalId>,
}

/// Why a patch cannot be applied. The reader of a request has checked the patch itself, but not what it makes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataRefused {
    /// It makes metadata that is not allowed.
    #[error(transparent)]
    Metadata(#[from] JsonRefused),
    /// It makes labels that are not allowed.
    #[error("{0}")]
    Labels(InvalidValue),
}

impl WorkflowData {
    /// The data after a patch.
    ///
    /// # Errors
    /// When the metadata or the labels that it makes are not allowed.
    pub fn patched(&self, patch: &DataPatch) -> Result<Self, DataRefused> {
        Ok(Self {
            metadata: match &patch.metadata {
                Some(metadata) => self.metadata.patched(metadata)?,
                None => self.metadata.clone(),
            },
            labels: self.labels.patched(&patch.labels).map_err(DataRefused::Labels)?,
            due_at: patch.due_at.applied_to(self.due_at),
            assignee: patch.assignee.applied_to(self.assignee.clone()),
        })
    }
}

impl From<Metadata> for WorkflowData {
    fn from(metadata: Metadata) -> Self {
        Self { metadata, ..Self::default() }
    }
}
