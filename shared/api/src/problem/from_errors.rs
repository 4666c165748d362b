//! What each operation's errors are to a caller: one exhaustive match an error, and no default.

use alims_core::chain::{Break, Fault as ChainFault};
use alims_core::identifiers::Version;
use alims_core::json::JsonRefused;
use alims_core::operations::create_workflow::CreateWorkflowError;
use alims_core::operations::get_workflow_recovery::GetWorkflowRecoveryError;
use alims_core::operations::list_workflows::ListWorkflowsError;
use alims_core::operations::recover_workflow::RecoverWorkflowError;
use alims_core::operations::release_workflow::ReleaseWorkflowError;
use alims_core::operations::replay_events::ReplayEventsError;
use alims_core::operations::request_state_transition::RequestStateTransitionError;
use alims_core::operations::{ReadWorkflowError, StartRecoveryError};
use alims_core::ports::{LogError, StarterError, StoreError};

use crate::problem::{Fault, Problem};
use crate::request::FROM_VERSION;

impl From<CreateWorkflowError> for Problem {
    fn from(error: CreateWorkflowError) -> Self {
        match error {
            CreateWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            CreateWorkflowError::AlreadyExists(id) => Self::WorkflowAlreadyExists(id),
            CreateWorkflowError::KeyReused => Self::IdempotencyKeyReused,
            CreateWorkflowError::RuleViolation(violation) => Self::RuleViolation(violation),
            CreateWorkflowError::TooManyRefusals(too_many) => Self::TooManyRefusals(too_many),
            CreateWorkflowError::RulesUnavailable(cause) => Self::RulesEngineUnavailable(Box::new(cause)),
            CreateWorkflowError::Quarantined(quarantined) => Self::WorkflowQuarantined(quarantined.0),
            CreateWorkflowError::Log(error) => error.into(),
            CreateWorkflowError::Bug(bug) => Self::internal(bug),
        }
    }
}

impl From<RequestStateTransitionError> for Problem {
    fn from(error: RequestStateTransitionError) -> Self {
        match error {
            RequestStateTransitionError::NotFound => Self::WorkflowNotFound,
            RequestStateTransitionError::KeyReused => Self::IdempotencyKeyReused,
            RequestStateTransitionError::VersionConflict(conflict) => {
                Self::VersionConflict { conflict, if_match: false }
            }
            RequestStateTransitionError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            RequestStateTransitionError::InvalidTransition(invalid) => Self::InvalidTransition(invalid),
            RequestStateTransitionError::Metadata(refused) => refused.into(),
            RequestStateTransitionError::RuleViolation(violation) => Self::RuleViolation(violation),
            RequestStateTransitionError::TooManyRefusals(too_many) => Self::TooManyRefusals(too_many),
            RequestStateTransitionError::RulesUnavailable(cause) => Self::RulesEngineUnavailable(Box::new(cause)),
            RequestStateTransitionError::Quarantined(quarantined) => Self::WorkflowQuarantined(quarantined.0),
            RequestStateTransitionError::Store(error) => error.into(),
            RequestStateTransitionError::Bug(bug) => Self::internal(bug),
        }
    }
}

impl From<ReadWorkflowError> for Problem {
    fn from(error: ReadWorkflowError) -> Self {
        match error {
            ReadWorkflowError::NotFound => Self::WorkflowNotFound,
            ReadWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReadWorkflowError::Quarantined(quarantined) => Self::WorkflowQuarantined(quarantined.0),
            ReadWorkflowError::Store(error) => error.into(),
        }
    }
}

impl From<ListWorkflowsError> for Problem {
    fn from(error: ListWorkflowsError) -> Self {
        match error {
            ListWorkflowsError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ListWorkflowsError::Store(error) => error.into(),
        }
    }
}

impl From<RecoverWorkflowError> for Problem {
    fn from(error: RecoverWorkflowError) -> Self {
        match error {
            RecoverWorkflowError::NotFound => Self::WorkflowNotFound,
            RecoverWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            RecoverWorkflowError::TooManyRefusals(too_many) => Self::TooManyRefusals(too_many),
            RecoverWorkflowError::Start(error) => error.into(),
            RecoverWorkflowError::Store(error) => error.into(),
        }
    }
}

impl From<StartRecoveryError> for Problem {
    fn from(error: StartRecoveryError) -> Self {
        match error {
            StartRecoveryError::Starter(error) => error.into(),
            StartRecoveryError::Store(error) => error.into(),
            // It passes, and whoever asks again joins what is under way.
            error @ StartRecoveryError::Contended => Self::StorageUnavailable(Box::new(error)),
        }
    }
}

impl From<StarterError> for Problem {
    fn from(error: StarterError) -> Self {
        match error {
            StarterError::Unavailable(_) => Self::StorageUnavailable(Box::new(error)),
            StarterError::Refused(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<GetWorkflowRecoveryError> for Problem {
    fn from(error: GetWorkflowRecoveryError) -> Self {
        match error {
            GetWorkflowRecoveryError::Read(error) => error.into(),
            GetWorkflowRecoveryError::Starter(error) => error.into(),
        }
    }
}

impl From<ReleaseWorkflowError> for Problem {
    fn from(error: ReleaseWorkflowError) -> Self {
        match error {
            ReleaseWorkflowError::NotFound => Self::WorkflowNotFound,
            ReleaseWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReleaseWorkflowError::TooManyRefusals(too_many) => Self::TooManyRefusals(too_many),
            ReleaseWorkflowError::NotQuarantined(named) => Self::WorkflowNotQuarantined(named),
            ReleaseWorkflowError::Unreadable(quarantined) => Self::NothingToGoOnFrom(quarantined.0),
            ReleaseWorkflowError::Store(error) => error.into(),
        }
    }
}

impl From<ReplayEventsError> for Problem {
    fn from(error: ReplayEventsError) -> Self {
        match error {
            ReplayEventsError::NotFound => Self::WorkflowNotFound,
            ReplayEventsError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReplayEventsError::TooManyRefusals(too_many) => Self::TooManyRefusals(too_many),
            ReplayEventsError::NotPublished { head, published } => not_published(head, published),
            ReplayEventsError::Quarantined(quarantined) => Self::WorkflowQuarantined(quarantined.0),
            ReplayEventsError::Store(error) => error.into(),
            error @ ReplayEventsError::Interrupted { next, .. } => {
                Self::ReplayInterrupted { next_version: next, cause: Box::new(error) }
            }
        }
    }
}

/// What is asked for again was never there, as far as anybody knows.
fn not_published(head: Version, published: Option<Version>) -> Problem {
    let message = match published {
        Some(published) => format!(
            "must be at most {published}: the workflow is at version {head}, and its events are published up to version \
             {published}"
        ),
        None => {
            format!("has no event to replay: the workflow is at version {head}, and none of its events is published")
        }
    };
    Problem::MalformedRequest(vec![Fault { pointer: Some(format!("/{FROM_VERSION}")), message }])
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => error.into(),
            LogError::Unreadable { version, .. } => {
                Self::WorkflowQuarantined(Break { at: version, fault: ChainFault::Unreadable })
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::StorageUnavailable(Box::new(error)),
            // A missing table or a missing permission is the service's fault, and waiting does not help.
            StoreError::Refused(_) => Self::Internal(Box::new(error)),
            StoreError::NewerFormat(newer) => Self::WrittenByNewerRelease(Box::new(newer)),
        }
    }
}

/// Metadata that only the merge made too large or too deep. A reserved name does not get past the edge.
impl From<JsonRefused> for Problem {
    fn from(refused: JsonRefused) -> Self {
        let message = refused.to_string();
        let at = |pointer: String| Self::MalformedRequest(vec![Fault { pointer: Some(pointer), message }]);
        match refused {
            JsonRefused::TooLarge { what, limit_bytes, .. } => Self::PayloadTooLarge { what, limit_bytes },
            JsonRefused::TooDeep { what } => at(format!("/{what}")),
            JsonRefused::ReservedName { what, pointer } => at(format!("/{what}{pointer}")),
        }
    }
}
