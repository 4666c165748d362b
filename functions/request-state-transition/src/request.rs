//! Reads the request for a state transition.

use alims_domain::call::Call;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::WorkflowId;
use alims_edge::problem::Problem;
use alims_edge::reader::body;
use alims_edge::reader::expected::{expected_of, matched_versions};
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::Fields;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};
use alims_edge::reader::stated::Stated;
use alims_edge::reader::transition::TransitionMembers;
use alims_operations::request_state_transition::TransitionRequest;

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
    let members = TransitionMembers::take(&mut body, Some("is required"), faults);
    let expected_versions = expected_of(&body, matched, members.expected_version, faults);
    body.finish(faults);
    members.request(expected_versions)
}
