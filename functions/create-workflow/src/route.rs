//! The route of create-workflow.

use alims_edge::route::Route;
use http::Method;

/// The route.
pub static ROUTE: Route =
    Route { name: "create-workflow", operation_id: "createWorkflow", method: Method::POST, path: "/workflows" };
