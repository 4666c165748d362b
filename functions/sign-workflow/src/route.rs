//! The route of sign-workflow.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "sign-workflow",
    operation_id: "signWorkflow",
    method: Method::POST,
    path: "/workflows/{workflow_id}/signatures",
};
