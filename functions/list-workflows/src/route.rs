//! The route of list-workflows.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "list-workflows", operation_id: "listWorkflows", method: Method::GET, path: "/workflows" };
