//! Reads the request for a state transition.

use alims_domain::call::Call;
use alims_domain::event::Failure;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::WorkflowId;
use alims_domain::lifecycle::State;
use alims_edge::problem::Problem;
use alims_edge::reader::body;
use alims_edge::reader::expected::{expected_versions, matched_versions};
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::{self, Fields};
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};
use alims_edge::reader::stated::Stated;
use alims_operations::request_state_transition::TransitionRequest;
use jsonptr::Pointer;
use serde_json::Value;

/// A requested transition with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitionCall {
    /// The call.
    pub call: Call,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The transition.
    pub request: TransitionRequest,
    /// Whether to decide only, and write nothing.
    pub dry_run: bool,
    /// Whether the caller named versions by `If-Match`.
    pub if_match: bool,
}

/// Reads the call and the requested transition.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<TransitionCall, Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    let mut query = Query::read(request, &mut faults);
    let dry_run = query.take("dry_run", yes_or_no, &mut faults).unwrap_or(false);
    query.finish(&mut faults);
    let matched = matched_versions(request.headers(), &mut faults);
    let stated = Stated::by_path_and_token(&call, workflow_id.as_ref());
    let body = body::required(request, stated, &mut faults);
    let if_match = matched.is_some();
    let asked = body.and_then(|body| transition(body, matched, &mut faults));
    faults.conclude(|| Some(TransitionCall { call, workflow_id: workflow_id?, request: asked?, dry_run, if_match }))
}

fn transition(mut body: Fields, matched: Option<ExpectedVersions>, faults: &mut Faults) -> Option<TransitionRequest> {
    let target_state = body.required("target_state", fields::text, faults);
    let reason = body.required("reason", fields::text, faults);
    let expected_versions = expected_versions(&mut body, matched, faults);
    let validation_context = body.optional("validation_context", fields::validation_context, faults);
    let metadata = body.optional("metadata", fields::metadata_patch, faults);
    let failure = failure_of(target_state, &mut body, faults);
    body.finish(faults);
    Some(TransitionRequest {
        target_state: target_state?,
        reason: reason?,
        expected_versions,
        validation_context,
        metadata,
        failure,
    })
}

/// A failure is allowed only with the state FAILED, and required there.
fn failure_of(target_state: Option<State>, body: &mut Fields, faults: &mut Faults) -> Option<Failure> {
    const FAILURE: &str = "failure";
    match (target_state, body.has(FAILURE)) {
        (Some(State::Failed), false) => {
            faults.at(&body.place_of(FAILURE), "is required when target_state is FAILED");
        }
        (Some(State::Created | State::Active | State::Paused | State::Completed | State::Cancelled), true) => {
            faults.at(&body.place_of(FAILURE), "is only for target_state FAILED");
        }
        (Some(_) | None, _) => {}
    }
    body.optional(FAILURE, failure, faults)
}

fn failure(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Failure> {
    let mut members = Fields::of(value, place, faults)?;
    let code = members.required("code", fields::text, faults);
    let message = members.required("message", fields::text, faults);
    let retryable = members.required("retryable", fields::boolean, faults);
    members.finish(faults);
    Some(Failure { code: code?, message: message?, retryable: retryable? })
}
