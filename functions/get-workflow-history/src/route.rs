//! The route of get-workflow-history.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "get-workflow-history",
    operation_id: "getWorkflowHistory",
    method: Method::GET,
    path: "/workflows/{workflow_id}/history",
};
