//! The route of get-sweep.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route { name: "get-sweep", operation_id: "getSweep", method: Method::GET, path: "/sweep" };
