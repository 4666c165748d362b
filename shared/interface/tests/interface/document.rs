//! The OpenAPI document: current, complete, and of one mind with the readers and with its own examples.

use alims_edge::problem::ProblemCode;
use alims_edge::testing::GatewayEvent;
use alims_interface::ROUTES;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

/// The document as JSON.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(alims_interface::document()).expect("a document of JSON"));

/// A validator of a schema that stands in the document.
fn validator(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = DOCUMENT["components"].clone();
    jsonschema::validator_for(&schema).expect("a schema of JSON Schema 2020-12")
}

fn named(schema: &str) -> Validator {
    validator(&json!({"$ref": format!("#/components/schemas/{schema}")}))
}

/// Every operation of the document: path, method and what is said of it.
fn documented() -> impl Iterator<Item = (&'static String, &'static String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        item.as_object().expect("a path item").iter().map(move |(method, operation)| (path, method, operation))
    })
}

/// What stands in the document, or what it refers to.
fn resolved(part: &'static Value) -> &'static Value {
    match part.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).expect("what is referred to"),
        None => part,
    }
}

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.yaml");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let current = alims_interface::yaml().expect("a document of YAML");
    assert!(committed == current, "openapi.yaml is stale: run `cargo xtask openapi` and commit what it writes");
}

#[test]
fn the_document_has_the_operations_of_the_table_and_no_others() {
    let documented: BTreeSet<(String, String, String)> = documented()
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().expect("an operation id");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{id}");
            (path.clone(), method.to_uppercase(), id.to_owned())
        })
        .collect();
    let table = ROUTES.iter().map(|o| (o.path.to_owned(), o.method.to_string(), o.operation_id.to_owned()));
    assert_eq!(documented, table.collect());
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
}

#[test]
fn every_parameter_in_a_path_is_documented() {
    for (path, _, operation) in documented() {
        let parameters = operation["parameters"].as_array().expect("parameters");
        let in_path: Vec<&Value> = parameters.iter().filter(|parameter| parameter["in"] == "path").collect();
        assert_eq!(in_path.len(), path.matches('{').count(), "{path}");
        assert!(in_path.iter().all(|parameter| parameter["required"] == true));
    }
}

#[test]
fn every_code_is_a_problem_of_some_operation_and_every_operation_may_be_refused() {
    let mut codes = BTreeSet::new();
    for (_, _, operation) in documented() {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let response = resolved(response);
            let Some(problem) = response["content"].get("application/problem+json") else { continue };
            assert_eq!(problem["example"]["status"].to_string(), *status);
            let description = response["description"].as_str().expect("a description");
            codes.extend(ProblemCode::ALL.map(ProblemCode::as_str).iter().filter(|code| description.contains(*code)));
        }
        for status in ["400", "401", "403", "500", "503"] {
            assert!(operation["responses"].get(status).is_some(), "{} {status}", operation["operationId"]);
        }
    }
    assert_eq!(codes, ProblemCode::ALL.iter().map(|code| code.as_str()).collect());
}

#[test]
fn every_example_is_what_its_schema_says() {
    let mut examples = 0;
    for (_, _, operation) in documented() {
        let responses = operation["responses"].as_object().expect("responses").values();
        let bodies = responses.chain(operation.get("requestBody"));
        for content in bodies.flat_map(|body| resolved(body)["content"].as_object().expect("content").values()) {
            let errors: Vec<String> =
                validator(&content["schema"]).iter_errors(&content["example"]).map(|e| e.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", content["example"]);
            examples += 1;
        }
    }
    assert!(examples > ROUTES.len(), "{examples}");
}

#[test]
fn no_member_that_may_be_absent_may_be_null() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            let nullable = validator(schema).is_valid(&Value::Null);
            assert!(!nullable || required.contains(&&json!(member)), "{name}.{member}");
        }
    }
}

/// An object whose members are drawn one by one, each perhaps absent.
fn object(members: Vec<(&'static str, Vec<Value>)>) -> BoxedStrategy<Value> {
    let drawn: Vec<_> = members
        .into_iter()
        .map(|(name, values)| prop::option::weighted(0.7, select(values)).prop_map(move |value| (name, value)))
        .collect();
    drawn
        .prop_map(|members| {
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect::<Map<_, _>>()
                .into()
        })
        .boxed()
}

fn texts() -> Vec<Value> {
    vec![json!("It is time."), json!("ä".repeat(1000)), json!("x".repeat(1001)), json!(" \t"), json!(""), json!(7)]
}

fn objects() -> Vec<Value> {
    vec![json!({}), json!({"a": [1, null]}), json!([]), json!("{}"), Value::Null]
}

fn failures() -> Vec<Value> {
    vec![
        json!({"code": "oven.cold", "message": "The oven is cold.", "retryable": false}),
        json!({"code": "oven cold", "message": "The oven is cold.", "retryable": false}),
        json!({"code": "oven.cold", "message": "The oven is cold."}),
        json!({"code": "oven.cold", "message": "The oven is cold.", "retryable": "no"}),
        json!({"code": "oven.cold", "message": "The oven is cold.", "retryable": true, "more": 1}),
        Value::Null,
    ]
}

/// Twice as many cases as proptest's own number, which `PROPTEST_CASES` sets.
fn twice_the_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.saturating_mul(2), ..config }
}

proptest! {
    #![proptest_config(twice_the_cases())]

    #[test]
    fn what_the_document_says_of_a_creation_is_what_is_read(body in object(vec![
        ("workflow_type", vec![json!("sample-analysis"), json!("Sample"), json!(""), json!(7), Value::Null]),
        ("workflow_id", vec![json!("a:B.c_9-"), json!("a/b"), json!("x".repeat(129)), Value::Null]),
        ("metadata", objects()),
        ("owner", vec![json!("alice")]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("WorkflowCreate"));
        let read = create_workflow::request::read(&GatewayEvent::of(&create_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_move_is_what_is_read(body in object(vec![
        ("target_state", vec![json!("ACTIVE"), json!("FAILED"), json!("active"), json!("LOST"), Value::Null]),
        ("reason", texts()),
        ("expected_version", vec![json!(1), json!(9_999_999_999_u64), json!(0), json!(-1), json!("1"), json!(1.5)]),
        ("validation_context", objects()),
        ("metadata", objects()),
        ("failure", failures()),
        ("requested_by", vec![json!("alice")]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("StateTransitionRequest"));
        let read = request_state_transition::request::read(&GatewayEvent::of(&request_state_transition::ROUTE).json(&body).incoming());
        // The one rule that the schema tells in words only.
        let failure_in_place = (body.get("target_state") == Some(&json!("FAILED"))) == body.get("failure").is_some();
        prop_assert_eq!(SCHEMA.is_valid(&body) && failure_in_place, read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_recovery_is_what_is_read(
        body in object(vec![("reason", texts()), ("force", vec![json!(true)])]),
    ) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("RecoveryRequest"));
        let read = recover_workflow::request::read(&GatewayEvent::of(&recover_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_release_is_what_is_read(
        body in object(vec![("reason", texts()), ("force", vec![json!(true)])]),
    ) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("ReleaseRequest"));
        let read = release_workflow::request::read(&GatewayEvent::of(&release_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_replay_is_what_is_read(body in object(vec![
        ("from_version", vec![json!(1), json!(9_999_999_999_u64), json!(0), json!(-1), json!("1"), json!(1.5), Value::Null]),
        ("to_version", vec![json!(9)]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("ReplayRequest"));
        let read = replay_events::request::read(&GatewayEvent::of(&replay_events::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }
}
