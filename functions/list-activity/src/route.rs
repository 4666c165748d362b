//! The route of list-activity.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "list-activity", operation_id: "listActivity", method: Method::GET, path: "/activity" };
