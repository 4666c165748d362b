//! The workflow id in a path.

use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use lambda_http::{Request, RequestExt};
use percent_encoding::percent_decode_str;

/// The parameter's name in every route.
pub(crate) const WORKFLOW_ID: &str = "workflow_id";

/// Reads the workflow id from the path, and decodes it at most once. If the gateway has decoded it already, a second decoding has no effect: no id contains a
/// percent sign.
pub(crate) fn workflow_id(request: &Request) -> Result<WorkflowId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    let text = parameters.and_then(|parameters| parameters.first(WORKFLOW_ID)).unwrap_or_default();
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_bytes| InvalidValue::new("must be UTF-8"))?.parse()
}
