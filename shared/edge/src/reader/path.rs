//! The workflow id in a path.

use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use lambda_http::{Request, RequestExt};

use crate::reader::faults::Faults;

/// The parameter's name in every route.
const WORKFLOW_ID: &str = "workflow_id";

/// Reads the workflow id from the path.
pub fn workflow_id(request: &Request, faults: &mut Faults) -> Option<WorkflowId> {
    match named(request) {
        Ok(id) => Some(id),
        Err(invalid) => {
            faults.outside(format!("the {WORKFLOW_ID} in the path {invalid}"));
            None
        }
    }
}

/// The workflow id in the path, for the log; none when it is invalid.
#[must_use]
pub fn workflow_named(request: &Request) -> Option<String> {
    named(request).ok().map(|id| id.to_string())
}

/// The gateway has decoded the parameter; API Gateway decodes some escapes even twice. Another decoding here would give
/// an id further addresses. No id has a character that needs an escape, so it is the same however often it is decoded.
fn named(request: &Request) -> Result<WorkflowId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    parameters.and_then(|parameters| parameters.first(WORKFLOW_ID)).unwrap_or_default().parse()
}
