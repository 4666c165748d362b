//! The route of verify-workflow-history.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "verify-workflow-history",
    operation_id: "verifyWorkflowHistory",
    method: Method::GET,
    path: "/workflows/{workflow_id}/history/verification",
};
