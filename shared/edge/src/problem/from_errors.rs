//! Turns the errors that operations share into problems: one exhaustive match for each error type, without a default.

use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::json::JsonRefused;
use alims_domain::workflow_data::DataRefused;
use alims_operations::ports::{LogError, StarterError, StoreError};
use alims_operations::{ReadWorkflowError, RequestStateTransitionError, StartRecoveryError};

use crate::problem::{Problem, RequestFault};

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

impl From<StartRecoveryError> for Problem {
    fn from(error: StartRecoveryError) -> Self {
        match error {
            StartRecoveryError::Starter(error) => error.into(),
            StartRecoveryError::Store(error) => error.into(),
            // This is temporary: a repeated request joins the recovery that is running.
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

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => error.into(),
            LogError::Unreadable { version, .. } => {
                Self::WorkflowQuarantined(Break { at: version, fault: BreakKind::Unreadable })
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

/// Data that only the patch made too much.
impl From<DataRefused> for Problem {
    fn from(refused: DataRefused) -> Self {
        match refused {
            DataRefused::Metadata(refused) => refused.into(),
            DataRefused::Labels(refused) => Self::MalformedRequest(vec![RequestFault {
                pointer: Some("/labels".to_owned()),
                message: refused.to_string(),
            }]),
        }
    }
}

/// Metadata that only the merge made too large or too deep. The edge has already rejected a reserved name.
impl From<JsonRefused> for Problem {
    fn from(refused: JsonRefused) -> Self {
        let message = refused.to_string();
        let at = |pointer: String| Self::MalformedRequest(vec![RequestFault { pointer: Some(pointer), message }]);
        match refused {
            JsonRefused::TooLarge { what, limit_bytes, .. } => {
                Self::PayloadTooLarge { what, limit_bytes, faults: Vec::new() }
            }
            JsonRefused::TooDeep { what } => at(format!("/{what}")),
            JsonRefused::ReservedName { what, pointer } => at(format!("/{what}{pointer}")),
        }
    }
}
