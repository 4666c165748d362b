//! Reads a requested transition, which stands in the body of one request and in each item of another.

use alims_domain::event::Failure;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::{Reason, Version};
use alims_domain::json::ValidationContext;
use alims_domain::lifecycle::State;
use alims_operations::TransitionRequest;
use jsonptr::Pointer;
use serde_json::{Map, Value};

use crate::reader::faults::Faults;
use crate::reader::fields::{self, Fields};

/// The members of a requested transition. A member that is absent or invalid is none.
#[derive(Debug)]
pub struct TransitionMembers {
    target_state: Option<State>,
    /// The reason.
    pub reason: Option<Reason>,
    /// The version that the caller decided on.
    pub expected_version: Option<Version>,
    validation_context: Option<ValidationContext>,
    metadata: Option<Map<String, Value>>,
    failure: Option<Failure>,
}

impl TransitionMembers {
    /// Takes the members from an object. `reason_is_missing` says what is wrong when there is no reason; none where
    /// another one may stand in for it.
    pub fn take(object: &mut Fields, reason_is_missing: Option<&'static str>, faults: &mut Faults) -> Self {
        const REASON: &str = "reason";
        let target_state = object.required("target_state", fields::text, faults);
        if let Some(fault) = reason_is_missing.filter(|_| !object.has(REASON)) {
            faults.at(&object.place_of(REASON), fault);
        }
        Self {
            target_state,
            reason: object.optional(REASON, fields::text, faults),
            expected_version: object.optional("expected_version", fields::version, faults),
            validation_context: object.optional("validation_context", fields::validation_context, faults),
            metadata: object.optional("metadata", fields::metadata_patch, faults),
            failure: failure_of(target_state, object, faults),
        }
    }

    /// The request, at one of these versions. None when a member that is needed is absent or invalid.
    #[must_use]
    pub fn request(self, expected_versions: Option<ExpectedVersions>) -> Option<TransitionRequest> {
        Some(TransitionRequest {
            target_state: self.target_state?,
            reason: self.reason?,
            expected_versions,
            validation_context: self.validation_context,
            metadata: self.metadata,
            failure: self.failure,
        })
    }
}

/// A failure is allowed only with the state FAILED, and required there.
fn failure_of(target_state: Option<State>, object: &mut Fields, faults: &mut Faults) -> Option<Failure> {
    const FAILURE: &str = "failure";
    match (target_state, object.has(FAILURE)) {
        (Some(State::Failed), false) => {
            faults.at(&object.place_of(FAILURE), "is required when target_state is FAILED");
        }
        (Some(State::Created | State::Active | State::Paused | State::Completed | State::Cancelled), true) => {
            faults.at(&object.place_of(FAILURE), "is only for target_state FAILED");
        }
        (Some(_) | None, _) => {}
    }
    object.optional(FAILURE, failure, faults)
}

fn failure(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Failure> {
    let mut members = Fields::of(value, place, faults)?;
    let code = members.required("code", fields::text, faults);
    let message = members.required("message", fields::text, faults);
    let retryable = members.required("retryable", fields::boolean, faults);
    members.finish(faults);
    Some(Failure { code: code?, message: message?, retryable: retryable? })
}
