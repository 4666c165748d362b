//! Reads the request to sign a workflow.

use alims_domain::call::Call;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::WorkflowId;
use alims_edge::problem::Problem;
use alims_edge::reader::body;
use alims_edge::reader::expected::matched_versions;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::{self, Fields};
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};
use alims_edge::reader::stated::Stated;
use alims_operations::sign_workflow::SignatureRequest;

/// A requested signature with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct SignatureCall {
    /// The call.
    pub call: Call,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The signature.
    pub request: SignatureRequest,
    /// Whether to decide only, and write nothing.
    pub dry_run: bool,
    /// Whether the caller named the version by `If-Match`.
    pub if_match: bool,
}

/// Reads the call and the requested signature.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<SignatureCall, Problem> {
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
    let asked = body.and_then(|body| signature(body, matched, &mut faults));
    faults.conclude(|| Some(SignatureCall { call, workflow_id: workflow_id?, request: asked?, dry_run, if_match }))
}

fn signature(mut body: Fields, matched: Option<ExpectedVersions>, faults: &mut Faults) -> Option<SignatureRequest> {
    let meaning = body.required("meaning", fields::text, faults);
    let comment = body.optional("comment", fields::text, faults);
    let signed = signed(&mut body, matched, faults);
    let validation_context = body.optional("validation_context", fields::validation_context, faults);
    body.finish(faults);
    Some(SignatureRequest { meaning: meaning?, comment, signed: signed?, validation_context })
}

/// The version that is signed: a person signs what they read, so it is named, and it is one.
fn signed(body: &mut Fields, matched: Option<ExpectedVersions>, faults: &mut Faults) -> Option<ExpectedVersions> {
    let has_one = body.has("version");
    let named = body.optional("version", fields::version, faults);
    match (matched, named) {
        (Some(matched), Some(named)) if matched.contain(named) => Some(named.into()),
        // A header that no version can meet is a failed precondition, whatever the body says.
        (Some(matched), _) if matched.are_none() => Some(matched),
        (Some(_), Some(_)) => {
            faults.at(&body.place_of("version"), "is not a version that the header if-match names");
            None
        }
        (Some(matched), None) if matched.are_several() => {
            faults.outside("the header if-match names several versions; name the one that you sign");
            None
        }
        (Some(matched), None) => Some(matched),
        (None, Some(named)) => Some(named.into()),
        (None, None) => {
            if !has_one {
                faults.at(
                    &body.place_of("version"),
                    "is required, unless the header if-match names the version you sign",
                );
            }
            None
        }
    }
}
