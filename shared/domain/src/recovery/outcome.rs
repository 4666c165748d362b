//! Why a recovery was started, what its turns did, and how it ended.

use serde::{Deserialize, Serialize};

use crate::hash_chain::Fault;
use crate::identifiers::Version;
use crate::refusal::RuleReason;
use crate::timestamp::Timestamp;

/// Who or what started a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A person asked for it.
    Request,
    /// A retryable failure was published.
    Failure,
    /// The sweep found something out of order.
    Sweep,
}

/// What can have been done in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Log and index were looked at.
    Assessed,
    /// The rules allow the failed workflow back.
    RulesAllowed,
    /// The rules do not allow it back.
    RulesRefused,
    /// The workflow was moved from FAILED to ACTIVE.
    Reactivated,
    /// Events that were missing on the bus were published.
    EventsPublished,
    /// The workflow's entry in the index was put in order.
    IndexRebuilt,
    /// All was found in order.
    Confirmed,
    /// Somebody else changed the workflow meanwhile.
    ChangedMeanwhile,
    /// A break of the stored history was recorded.
    Quarantined,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What.
    pub step: StepKind,
    /// When.
    pub at: Timestamp,
    /// The version that was found or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// How many events the bus accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeStatus {
    /// Something was out of order and is not any more.
    Recovered,
    /// Nothing was out of order.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow back; all else is in order.
    Refused,
    /// The stored history is broken: nothing was changed.
    Quarantined,
    /// It could not be brought to an end in time; what was done stays done.
    GaveUp,
}

/// How a recovery ended, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// How.
    pub status: OutcomeStatus,
    /// refused: each rule that is not met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<RuleReason>,
    /// refused: the ruleset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// refused: its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
    /// quarantined: the first version that is not what it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// gave-up: the name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// gave-up: what is known of its cause. For operators; no caller is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Outcome {
    /// An outcome that needs no more words.
    #[must_use]
    pub fn of(status: OutcomeStatus) -> Self {
        Self {
            status,
            reasons: Vec::new(),
            ruleset: None,
            ruleset_version: None,
            broken_at_version: None,
            fault: None,
            error: None,
            cause: None,
        }
    }

    /// It could not be brought to an end, because of this.
    #[must_use]
    pub fn gave_up(error: &str, cause: &str) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.to_owned()), ..Self::of(OutcomeStatus::GaveUp) }
    }
}
