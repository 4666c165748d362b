//! The OpenAPI description of get-caller.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};

use crate::response::Caller;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let caller = responses::json_of::<Caller>(caller());
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "See who you are and what you may do",
        description: "Returns principal, tenant and roles as the service reads them from your token, and the actions \
                      that the policies permit you. It needs a valid token and no permission. Draw menus from it, and \
                      expect refusals: a policy may look at a workflow's type, state or creator, so it may refuse a \
                      listed action on some workflows and permit another one on some. For one workflow, \
                      `evaluate=true` of its state says what policies and rules say of each transition.",
        parameters: vec![parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The caller.", caller).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<Caller>();
        },
    }
}

/// An analyst, by the shipped policies.
fn caller() -> Value {
    json!({
        "principal": "alice",
        "tenant_id": "default",
        "roles": ["analyst"],
        "permitted_actions": [
            "createWorkflow", "getWorkflowState", "listWorkflows", "getWorkflowHistory", "activateWorkflow",
            "pauseWorkflow", "failWorkflow", "getWorkflowRecovery", "countWorkflows", "amendWorkflow",
            "signWorkflow", "listOwnActivity", "listRulesets", "getSweep"
        ],
        "permitted_signatures": ["authorship"],
        "service_version": env!("CARGO_PKG_VERSION")
    })
}
