//! The workflow id in a path.

use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use lambda_http::{Request, RequestExt};
use percent_encoding::percent_decode_str;

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

/// Decodes at most once. If the gateway has decoded it already, a second decoding has no effect: no id contains a
/// percent sign.
fn named(request: &Request) -> Result<WorkflowId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    let text = parameters.and_then(|parameters| parameters.first(WORKFLOW_ID)).unwrap_or_default();
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_bytes| InvalidValue::new("must be UTF-8"))?.parse()
}
