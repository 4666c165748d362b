//! The contract's OpenAPI document: current, and of one mind with what is sent and taken.

use alims_rules::contract::TransitionQuestion;
use alims_rules::openapi;
use alims_testing::fake_engine::{a_no, a_yes};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::LazyLock;

use crate::asking::Asking;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(openapi::document()).unwrap());

fn named(schema: &str) -> Validator {
    let reference = json!({"$ref": format!("#/components/schemas/{schema}"), "components": DOCUMENT["components"]});
    jsonschema::validator_for(&reference).unwrap()
}

#[test]
fn the_committed_document_of_the_contract_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/predicate-logic-engine.yaml");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let current = openapi::yaml().unwrap();
    assert!(committed == current, "{} is stale: run `cargo xtask openapi`", path.display());
}

#[test]
fn questions_and_answers_are_as_the_document_says() {
    let question = serde_json::to_value(TransitionQuestion::from(&Asking::to_complete().question())).unwrap();
    assert!(named("TransitionQuestion").is_valid(&question), "{question}");
    for member in question.as_object().unwrap().keys() {
        let mut without = question.clone();
        without.as_object_mut().unwrap().remove(member);
        assert!(!named("TransitionQuestion").is_valid(&without), "{member} is always there");
    }
    for mut answer in [a_yes(), a_no()] {
        answer["request_id"] = json!("request-1");
        assert!(named("TransitionAnswer").is_valid(&answer), "{answer}");
        for member in ["decision", "reasons", "ruleset", "ruleset_version"] {
            let mut without = answer.clone();
            without.as_object_mut().unwrap().remove(member);
            assert!(!named("TransitionAnswer").is_valid(&without), "{member} is required");
        }
        answer["more"] = json!(1);
        assert!(!named("TransitionAnswer").is_valid(&answer), "an unknown member");
    }
}
