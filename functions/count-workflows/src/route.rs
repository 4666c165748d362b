//! The route of count-workflows.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "count-workflows", operation_id: "countWorkflows", method: Method::GET, path: "/counts" };
