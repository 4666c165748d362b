//! The route of batch-state-transitions.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "batch-state-transitions",
    operation_id: "batchStateTransitions",
    method: Method::POST,
    path: "/transitions",
};
