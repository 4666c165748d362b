//! The OpenAPI description of list-rulesets.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};

use crate::response::RulesetList;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let list = responses::json_of::<RulesetList>(ruleset_list());
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "List rulesets",
        description: "The rules by which the service judges creations, transitions, amendments and signatures: their messages, \
                      and what each applies to. A workflow type that no ruleset names has no rules. When \
                      `kept_elsewhere` is true, an engine elsewhere has the rules and the service cannot list them: \
                      ask about a transition with `?dry_run=true`. A page has at most `limit` rulesets, and fewer when \
                      they are large. Rules change only when the service is deployed: if that happens while you read \
                      the pages, read them again.",
        parameters: vec![parameters::limit(), parameters::cursor(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("A page of rulesets.", list).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<RulesetList>();
        },
    }
}

fn ruleset_list() -> Value {
    json!({
        "engine": "embedded",
        "kept_elsewhere": false,
        "workflow_types": ["free-form", "sample-analysis"],
        "types_without_rules": ["free-form"],
        "items": [{
            "ruleset": "laboratory", "ruleset_version": "4", "workflow_types": ["sample-analysis"],
            "rules": [
                {
                    "rule_id": "sample-identified",
                    "message": "Enter the id of the sample in metadata.sample_id, without spaces.",
                    "moves": [
                        {"from_state": null, "to_state": "CREATED"}, {"from_state": "ACTIVE", "to_state": "COMPLETED"}
                    ],
                    "amendments": false, "signatures": false
                },
                {
                    "rule_id": "four-eyes",
                    "message": "The creator of a workflow may not complete it. Ask a colleague to do it.",
                    "moves": [{"from_state": "ACTIVE", "to_state": "COMPLETED"}], "amendments": false, "signatures": false
                }
            ]
        }]
    })
}
