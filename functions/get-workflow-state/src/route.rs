//! The route of get-workflow-state.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "get-workflow-state",
    operation_id: "getWorkflowState",
    method: Method::GET,
    path: "/workflows/{workflow_id}",
};
