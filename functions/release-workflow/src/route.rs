//! The route of release-workflow.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "release-workflow",
    operation_id: "releaseWorkflow",
    method: Method::POST,
    path: "/workflows/{workflow_id}/release",
};
