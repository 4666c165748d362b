//! The route of get-workflow-recovery.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "get-workflow-recovery",
    operation_id: "getWorkflowRecovery",
    method: Method::GET,
    path: "/workflows/{workflow_id}/recovery",
};
