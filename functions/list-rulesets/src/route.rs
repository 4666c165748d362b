//! The route of list-rulesets.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "list-rulesets", operation_id: "listRulesets", method: Method::GET, path: "/rulesets" };
