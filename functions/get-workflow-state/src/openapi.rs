//! The OpenAPI description of get-workflow-state.

use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use alims_edge::wire::WorkflowState;
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let state = responses::json_of::<WorkflowState>(evaluated_workflow());
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "Read the state of a workflow",
        description: "Returns the newest version, strongly consistent. With `evaluate=true` the answer also says, for each \
                      transition that the lifecycle allows, whether you may request it and whether the rules allow it \
                      now. The rules see only the target state; the data of a real request may change the verdict. \
                      While a workflow is quarantined, every transition is refused: `allowed_transitions` is empty. \
                      Nothing is written.",
        parameters: vec![parameters::workflow_id(), evaluate(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The workflow.", state).header("ETag", responses::etag()).build())],
        problems: responses::OF_A_READ,
        schemas: |schemas| {
            schemas.add::<WorkflowState>();
        },
    }
}

/// Evaluates the transitions.
fn evaluate() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told =
        "`true` adds `evaluated_transitions`: the verdict on each transition the lifecycle allows. Nothing is written.";
    parameters::parameter("evaluate", ParameterIn::Query, told, schema, json!(true)).build()
}

/// The same workflow with its transitions evaluated for an analyst.
fn evaluated_workflow() -> Value {
    let judged = |target: &str| {
        json!({
            "target_state": target, "permitted": true, "rules": "allow", "ruleset": "laboratory",
            "ruleset_version": "1"
        })
    };
    let mut workflow = examples::moved_workflow();
    if let Some(members) = workflow.as_object_mut() {
        let completion = json!({
            "target_state": "COMPLETED", "permitted": false, "forbidden_by": [], "rules": "deny",
            "reasons": [{"rule_id": "four-eyes", "message": "The creator of a workflow may not complete it."}],
            "ruleset": "laboratory", "ruleset_version": "1"
        });
        let failure = json!({"target_state": "FAILED", "permitted": true, "rules": "unavailable"});
        let evaluated = json!([judged("PAUSED"), completion, failure, judged("CANCELLED")]);
        members.insert("evaluated_transitions".to_owned(), evaluated);
    }
    workflow
}
