//! The contract's OpenAPI document: current, and of one mind with what is sent and taken.

use alims_rules::contract::{Asked, TransitionQuestion};
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
    for asking in [Asking::to_complete(), Asking::to_amend()] {
        let question = serde_json::to_value(TransitionQuestion::from(&asking.question())).unwrap();
        assert!(named("TransitionQuestion").is_valid(&question), "{question}");
        for place in ["", "/workflow", "/transition"] {
            for member in question.pointer(place).unwrap().as_object().unwrap().keys() {
                let mut without = question.clone();
                without.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(member);
                assert!(!named("TransitionQuestion").is_valid(&without), "{place}/{member} is always there");
            }
            // A later version of the service may add members.
            let mut with_more = question.clone();
            with_more.pointer_mut(place).unwrap()["more"] = json!(1);
            assert!(named("TransitionQuestion").is_valid(&with_more), "{place}");
            assert!(serde_json::from_value::<TransitionQuestion>(with_more).is_ok(), "{place}");
        }
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

/// An engine is released before the service, so it also reads what an earlier service asks.
#[test]
fn a_question_of_an_earlier_service_is_read_and_one_that_contradicts_itself_is_not() {
    let asked =
        |question: &Value| Asked::try_from(serde_json::from_value::<TransitionQuestion>(question.clone()).unwrap());
    let question = serde_json::to_value(TransitionQuestion::from(&Asking::to_complete().question())).unwrap();
    let mut earlier = question.clone();
    for place in ["workflow", "transition"] {
        for member in ["labels", "due_at", "assignee", "replaces", "kind"] {
            earlier[place].as_object_mut().unwrap().remove(member);
        }
    }
    let (now, then) = (asked(&question).unwrap(), asked(&earlier).unwrap());
    assert_eq!(now.question().transition, then.question().transition);
    assert_eq!(now.question().workflow, then.question().workflow);
    for (place, value) in [
        ("/transition/kind", json!("amendment")),
        ("/transition/kind", json!("creation")),
        ("/transition/replaces", json!("wf-0")),
        ("/transition/to_state", json!("ACTIVE")),
    ] {
        let mut wrong = question.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(asked(&wrong).is_err(), "{wrong}");
    }
}
