//! The ids in a path.

use alims_domain::export::ExportId;
use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use lambda_http::{Request, RequestExt};

/// The parameter's name in every route.
pub(crate) const WORKFLOW_ID: &str = "workflow_id";

/// The parameter of the routes of exports.
pub(crate) const EXPORT_ID: &str = "export_id";

/// Reads the id of an export from the path.
pub(crate) fn export_id(request: &Request) -> Result<ExportId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    parameters.and_then(|parameters| parameters.first(EXPORT_ID)).unwrap_or_default().parse()
}

/// Reads the workflow id from the path.
///
/// The gateway has decoded the parameter; API Gateway decodes some escapes even twice. Another decoding here would give
/// an id further addresses. No id has a character that needs an escape, so it is the same however often it is decoded.
pub(crate) fn workflow_id(request: &Request) -> Result<WorkflowId, InvalidValue> {
    let parameters = request.path_parameters_ref();
    parameters.and_then(|parameters| parameters.first(WORKFLOW_ID)).unwrap_or_default().parse()
}
