//! The lifecycle of a workflow: six states and the nine transitions between them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::invalid::InvalidValue;
use crate::stored_name::named_as_str;

/// The state of a workflow. Storage, events and the API write it in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Registered; no work has begun.
    Created,
    /// Work is in progress.
    Active,
    /// Work is interrupted on purpose and can be resumed.
    Paused,
    /// Work finished with a result. Terminal.
    Completed,
    /// Work failed. It can be retried.
    Failed,
    /// Given up. Terminal.
    Cancelled,
}

impl State {
    /// Every state, in the order of the lifecycle table.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Active, Self::Paused, Self::Completed, Self::Failed, Self::Cancelled];

    /// The lifecycle table: whether a workflow in `self` may move to `to`.
    ///
    /// No wildcard arm, so that a new state cannot be forgotten here. It is `Moves` of the specification, and a test
    /// reads it there: `shared/domain/tests/domain/lifecycle.rs`.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use State::{Active, Cancelled, Completed, Created, Failed, Paused};
        match (self, to) {
            (Created, Active)
            | (Active, Paused | Completed | Failed | Cancelled)
            | (Paused | Failed, Active | Cancelled) => true,

            (Created, Created | Paused | Completed | Failed | Cancelled)
            | (Active, Created | Active)
            | (Paused | Failed, Created | Paused | Completed | Failed)
            | (Completed | Cancelled, Created | Active | Paused | Completed | Failed | Cancelled) => false,
        }
    }

    /// The states a workflow in `self` may move to, in table order; empty for a terminal state.
    #[must_use]
    pub fn allowed_transitions(self) -> Vec<Self> {
        Self::ALL.into_iter().filter(|to| self.may_become(*to)).collect()
    }

    /// Whether the work has ended: no transition leaves this state, and the data stays as it is.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// The name used on the wire and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            InvalidValue::new("must be one of CREATED, ACTIVE, PAUSED, COMPLETED, FAILED, CANCELLED (upper case)")
        })
    }
}

named_as_str!(State);

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn the_name_of_a_state_reads_back_as_that_state() {
        for state in State::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
        }
        assert!("active".parse::<State>().is_err());
    }
}
