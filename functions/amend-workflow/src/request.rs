//! Reads the request to amend a workflow.

use alims_domain::call::Call;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::WorkflowId;
use alims_domain::workflow_data::DataPatch;
use alims_edge::problem::Problem;
use alims_edge::reader::body;
use alims_edge::reader::expected::{expected_versions, matched_versions};
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::{self, Fields};
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};
use alims_edge::reader::stated::Stated;
use alims_operations::amend_workflow::AmendmentRequest;

/// A requested amendment with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct AmendmentCall {
    /// The call.
    pub call: Call,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The amendment.
    pub request: AmendmentRequest,
    /// Whether to decide only, and write nothing.
    pub dry_run: bool,
    /// Whether the caller named versions by `If-Match`.
    pub if_match: bool,
}

/// Reads the call and the requested amendment.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<AmendmentCall, Problem> {
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
    let asked = body.and_then(|body| amendment(body, matched, &mut faults));
    faults.conclude(|| Some(AmendmentCall { call, workflow_id: workflow_id?, request: asked?, dry_run, if_match }))
}

fn amendment(mut body: Fields, matched: Option<ExpectedVersions>, faults: &mut Faults) -> Option<AmendmentRequest> {
    let reason = body.required("reason", fields::text, faults);
    let expected_versions = expected_versions(&mut body, matched, faults);
    let validation_context = body.optional("validation_context", fields::validation_context, faults);
    let patch = DataPatch {
        metadata: body.optional("metadata", fields::metadata_patch, faults),
        labels: body.optional("labels", fields::labels_patch, faults).unwrap_or_default(),
        due_at: body.optional("due_at", fields::instant_patch, faults).unwrap_or_default(),
        assignee: body.optional("assignee", fields::principal_patch, faults).unwrap_or_default(),
    };
    body.finish(faults);
    Some(AmendmentRequest { reason: reason?, expected_versions, validation_context, patch })
}
