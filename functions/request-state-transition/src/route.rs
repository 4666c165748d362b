//! The route of request-state-transition.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "request-state-transition",
    operation_id: "requestStateTransition",
    method: Method::POST,
    path: "/workflows/{workflow_id}/transitions",
};
