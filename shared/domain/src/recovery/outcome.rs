//! The trigger of a recovery, the steps of its turns, and its outcome.

use serde::{Deserialize, Serialize};

use crate::hash_chain::BreakKind;
use crate::identifiers::Version;
use crate::refusal::RuleReason;
use crate::timestamp::Timestamp;

/// The trigger of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A person requested it.
    Request,
    /// A retryable failure was published.
    Failure,
    /// The sweep found a disorder.
    Sweep,
}

/// The steps that a turn can complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It read log and index.
    Assessed,
    /// The rules allow the failed workflow to return to ACTIVE.
    RulesAllowed,
    /// The rules do not allow it to return.
    RulesRefused,
    /// The workflow went from FAILED to ACTIVE.
    Reactivated,
    /// Missing events were published.
    EventsPublished,
    /// The workflow's index entry was repaired.
    IndexRebuilt,
    /// Everything was in order.
    Confirmed,
    /// Another writer changed the workflow meanwhile.
    ChangedMeanwhile,
    /// A break of the stored history was recorded.
    Quarantined,
}

/// One completed step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The step.
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
    /// It repaired something.
    Recovered,
    /// There was nothing to repair.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow to return to ACTIVE; everything else is in order.
    Refused,
    /// The stored history is broken: nothing was changed.
    Quarantined,
    /// It did not finish in time; completed steps stay.
    GaveUp,
}

/// The outcome of a recovery, and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The status.
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
    /// quarantined: the first broken version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// quarantined: the kind of break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<BreakKind>,
    /// gave-up: the name of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// gave-up: the known cause. For operators only; callers do not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Outcome {
    /// An outcome without details.
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

    /// The recovery gave up for this reason.
    #[must_use]
    pub fn gave_up(error: &str, cause: &str) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.to_owned()), ..Self::of(OutcomeStatus::GaveUp) }
    }
}
