//! The route of export-records.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "export-records", operation_id: "exportRecords", method: Method::POST, path: "/exports" };
