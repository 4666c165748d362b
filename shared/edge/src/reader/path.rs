//! The workflow that a path names.

use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use lambda_http::{Request, RequestExt};
use percent_encoding::percent_decode_str;

use crate::reader::faults::Faults;

/// The parameter's name in every route.
const WORKFLOW_ID: &str = "workflow_id";

/// Reads the workflow's id out of the path.
pub fn workflow_id(request: &Request, faults: &mut Faults) -> Option<WorkflowId> {
    match named(request) {
        Ok(id) => Some(id),
        Err(invalid) => {
            faults.outside(format!("the {WORKFLOW_ID} in the path {invalid}"));
            None
        }
    }
}

/// The id of the workflow that the path names, for the log; none when it names none that there could be.
#[must_use]
pub fn workflow_named(request: &Request) -> Option<String> {
    named(request).ok().map(|id| id.to_string())
}

/// Decodes at most once. A gateway that has done so already does no harm: no id has a percent sign in it.
fn named(request: &Request) -> Result<WorkflowId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    let text = parameters.and_then(|parameters| parameters.first(WORKFLOW_ID)).unwrap_or_default();
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_bytes| InvalidValue::new("must be UTF-8"))?.parse()
}
