//! The route of get-caller.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route { name: "get-caller", operation_id: "getCaller", method: Method::GET, path: "/me" };
