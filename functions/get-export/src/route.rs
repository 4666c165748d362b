//! The route of get-export.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "get-export", operation_id: "getExport", method: Method::GET, path: "/exports/{export_id}" };
