//! The route of replay-events.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "replay-events",
    operation_id: "replayEvents",
    method: Method::POST,
    path: "/workflows/{workflow_id}/replay",
};
