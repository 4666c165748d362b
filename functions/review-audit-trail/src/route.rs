//! The route of review-audit-trail.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route = Route {
    name: "review-audit-trail",
    operation_id: "reviewAuditTrail",
    method: Method::POST,
    path: "/activity/reviews",
};
