//! The route of amend-workflow.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "amend-workflow",
    operation_id: "amendWorkflow",
    method: Method::PATCH,
    path: "/workflows/{workflow_id}",
};
