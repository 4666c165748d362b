//! The route of recover-workflow.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "recover-workflow",
    operation_id: "recoverWorkflow",
    method: Method::POST,
    path: "/workflows/{workflow_id}/recovery",
};
