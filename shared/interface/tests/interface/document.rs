//! The OpenAPI document: current, complete, and of one mind with the readers and with its own examples.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{ChainWalk, hash_of};
use alims_domain::identifiers::WorkflowKey;
use alims_edge::openapi::schemas::Schemas;
use alims_edge::openapi::{Tag, examples, gateway, problems};
use alims_edge::problem::{ProblemCode, ProblemDocument};
use alims_edge::testing::GatewayEvent;
use alims_interface::ROUTES;
use alims_testing::builders::a_break;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use crate::problems::every_problem;

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
fn an_instant_of_an_example_is_in_quotes() {
    let text = alims_interface::yaml().expect("a document of YAML");
    let instants: Vec<&str> = text.lines().filter(|line| line.contains("T08:15:00.000Z")).collect();
    assert!(instants.len() > 5, "{instants:?}");
    assert!(
        instants.iter().all(|line| line.ends_with("'2026-11-23T08:15:00.000Z'") || line.contains(" Example: ")),
        "{instants:?}"
    );
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
            let named: BTreeSet<String> = codes_of(&problem["schema"]);
            let description = response["description"].as_str().expect("a description");
            assert!(named.iter().all(|code| description.contains(&format!("`{code}`"))), "{description}: {named:?}");
            codes.extend(named);
        }
        for status in ["400", "401", "403", "500", "503"] {
            assert!(operation["responses"].get(status).is_some(), "{} {status}", operation["operationId"]);
        }
    }
    // What only an item of a batch may say.
    codes.extend(codes_of(&DOCUMENT["components"]["schemas"]["BatchItemResult"]["properties"]["problem"]));
    assert_eq!(codes, ProblemCode::ALL.iter().map(|code| code.as_str().to_owned()).collect());
}

/// The codes that a schema of problems allows.
fn codes_of(schema: &'static Value) -> BTreeSet<String> {
    let schema = schema.get("anyOf").map_or(schema, |beside_the_gateway| &beside_the_gateway[0]);
    let alternatives =
        schema.get("oneOf").and_then(Value::as_array).map_or_else(|| vec![schema], |all| all.iter().collect());
    let codes = alternatives.into_iter().map(|one| &resolved(one)["properties"]["code"]["enum"]);
    codes.map(|code| code[0].as_str().expect("one code").to_owned()).collect()
}

/// One of the two would hide the other.
#[test]
fn no_two_types_have_the_same_name_in_the_document() {
    let mut schemas = Schemas::default();
    for operation in alims_interface::described() {
        (operation.schemas)(&mut schemas);
    }
    let mut named = BTreeMap::new();
    for (name, schema) in schemas.finish(&[]) {
        let schema = json!(schema);
        let first = named.entry(name.clone()).or_insert_with(|| schema.clone());
        assert_eq!(*first, schema, "two types have the name {name}");
    }
}

#[test]
fn where_a_schema_has_alternatives_one_member_tells_them_apart() {
    let mut found = 0;
    each_object(&DOCUMENT, &mut |object| {
        let Some(alternatives) = object.get("oneOf").and_then(Value::as_array) else { return };
        if alternatives.iter().any(|one| one["type"] == "null") {
            return;
        }
        let name = object["discriminator"]["propertyName"].as_str().expect("a discriminator");
        let mapping = object["discriminator"]["mapping"].as_object().expect("a mapping");
        for one in alternatives {
            let values = &resolved(&resolved(one)["properties"][name])["enum"];
            for value in values.as_array().expect("the values of the member") {
                let value = value.as_str().expect("a text");
                assert_eq!(mapping.get(value), one.get("$ref"), "{name}: {value}");
            }
        }
        found += 1;
    });
    assert!(found > 5, "{found}");
}

#[test]
fn what_only_answers_carry_may_grow_and_no_object_is_silent_about_its_members() {
    let requests: Vec<Value> =
        documented().filter_map(|(_, _, operation)| operation.get("requestBody").cloned()).collect();
    let mut sent: BTreeSet<String> = BTreeSet::new();
    let mut unread = json!(requests).to_string();
    loop {
        let schemas = DOCUMENT["components"]["schemas"].as_object().expect("schemas");
        let more: Vec<_> = schemas.iter().filter(|(name, _)| unread.contains(&format!("schemas/{name}\""))).collect();
        let before = sent.len();
        for (name, schema) in more {
            sent.insert(name.clone());
            unread.push_str(&schema.to_string());
        }
        if sent.len() == before {
            break;
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        if schema["type"] == "object" {
            let closed = schema.get("additionalProperties") == Some(&json!(false));
            assert_eq!(closed, sent.contains(name), "{name}");
        }
    }
    each_object(&DOCUMENT, &mut |object| {
        if object.get("type") == Some(&json!("object")) {
            let says = object.contains_key("properties") || object.contains_key("additionalProperties");
            assert!(says, "a generator takes this for an object without members: {object:?}");
        }
    });
}

fn each_object(value: &'static Value, visit: &mut impl FnMut(&'static Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| each_object(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| each_object(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_gateway_and_the_functions_have_their_own_form_where_both_may_answer() {
    for (_, _, operation) in documented() {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let content = &resolved(response)["content"];
            let number: u16 = status.parse().expect("a status");
            let message = gateway::message(number);
            let shown = content.pointer("/application~1json/example/message").and_then(Value::as_str);
            assert_eq!(shown, message, "{} {status}", operation["operationId"]);
        }
        for status in gateway::OF_ANY_REQUEST {
            assert!(operation["responses"].get(status.to_string()).is_some(), "{} {status}", operation["operationId"]);
        }
    }
}

#[test]
fn a_problem_has_the_members_of_its_codes_schema_and_no_others() {
    for (problem, _, _) in every_problem() {
        let code = problem.kind();
        let document = json!(ProblemDocument::new(&problem, "r-1"));
        let schema = &DOCUMENT["components"]["schemas"][problems::name(code)];
        let errors: Vec<String> = validator(schema).iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document}");
        for member in document.as_object().expect("an object").keys() {
            assert!(schema["properties"].get(member).is_some(), "{}: {member}", code.as_str());
        }
    }
}

#[test]
fn no_optional_parameter_has_an_example_that_a_page_would_send() {
    for (_, _, operation) in documented() {
        for parameter in operation["parameters"].as_array().expect("parameters") {
            assert_eq!(parameter["required"] == true, parameter.get("example").is_some(), "{parameter}");
        }
    }
}

#[test]
fn every_operation_has_one_of_the_tags() {
    let tags = Tag::ALL.map(Tag::name);
    let documented_tags: Vec<&str> =
        DOCUMENT["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(documented_tags, tags);
    for (_, _, operation) in documented() {
        let [Value::String(tag)] = operation["tags"].as_array().expect("tags").as_slice() else { unreachable!() };
        assert!(tags.contains(&tag.as_str()), "{tag}");
    }
}

#[test]
fn the_versions_of_the_example_have_the_hashes_that_they_show() {
    let key = WorkflowKey {
        tenant_id: "default".parse().expect("a tenant"),
        workflow_id: "sample-2026-0042".parse().expect("an id"),
    };
    let mut chain = ChainWalk::new(&key);
    for example in [examples::creation(), examples::moved(), examples::amended(), examples::signed()] {
        let event: WorkflowEvent = serde_json::from_value(example).expect("an event");
        let hash = hash_of(&event).expect("a hash");
        assert_eq!(hash, event.hash, "the hash of version {}", event.version);
        chain.step(event).expect("the next version");
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let mut examples = 0;
    for (_, _, operation) in documented() {
        let responses = operation["responses"].as_object().expect("responses").values();
        let bodies = responses.chain(operation.get("requestBody"));
        for content in bodies.flat_map(|body| resolved(body)["content"].as_object().expect("content").values()) {
            let several = content["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
            for example in several.chain(content.get("example")) {
                let errors: Vec<String> =
                    validator(&content["schema"]).iter_errors(example).map(|e| e.to_string()).collect();
                assert_eq!(errors, Vec::<String>::new(), "{example}");
                examples += 1;
            }
        }
    }
    assert!(examples > ROUTES.len(), "{examples}");
}

/// Members in which null says something else than their absence: it removes what a workflow has, or it is a value of the
/// laboratory's own data.
const NULL_SAYS_SOMETHING: [&str; 4] =
    ["ValueChange.from", "ValueChange.to", "WorkflowAmendment.assignee", "WorkflowAmendment.due_at"];

#[test]
fn no_member_that_may_be_absent_may_be_null() {
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            let nullable = validator(schema).is_valid(&Value::Null);
            let says_something = NULL_SAYS_SOMETHING.contains(&format!("{name}.{member}").as_str());
            assert_eq!(nullable && !required.contains(&&json!(member)), says_something, "{name}.{member}");
        }
    }
}

#[test]
fn every_body_may_say_again_what_path_and_token_say() {
    let mut bodies = 0;
    for operation in ROUTES {
        let described = &DOCUMENT["paths"][operation.path][operation.method.to_string().to_lowercase()];
        let body = &described["requestBody"]["content"]["application/json"]["schema"];
        let Some(name) = body["$ref"].as_str().and_then(|schema| schema.rsplit('/').next()) else { continue };
        let members = &DOCUMENT["components"]["schemas"][name]["properties"];
        let in_path = operation.path.contains("{workflow_id}") || operation.name == "create-workflow";
        for member in in_path.then_some("workflow_id").into_iter().chain(["requested_by"]) {
            assert!(members[member].is_object(), "{}: the body has no {member}", operation.name);
        }
        bodies += 1;
    }
    assert!(bodies > 4, "{bodies} bodies: this test sees too little");
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
        ("requested_by", vec![json!("alice"), json!(7), Value::Null]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("WorkflowCreate"));
        let read = create_workflow::request::read(&GatewayEvent::of(&create_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_move_is_what_is_read(body in object(vec![
        ("target_state", vec![json!("ACTIVE"), json!("FAILED"), json!("active"), json!("LOST"), Value::Null]),
        ("reason", texts()),
        ("expected_version", vec![json!(1), json!(9_999_999_999_u64), json!(0), json!(-1), json!("1"), json!(1.5), json!(1.0)]),
        ("validation_context", objects()),
        ("metadata", objects()),
        ("failure", failures()),
        ("workflow_id", vec![json!("wf-1"), json!(7), Value::Null]),
        ("requested_by", vec![json!("alice"), json!(7), Value::Null]),
        ("assigned_to", vec![json!("alice")]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("StateTransitionRequest"));
        let read = request_state_transition::request::read(&GatewayEvent::of(&request_state_transition::ROUTE).json(&body).incoming());
        // The one rule that the schema tells in words only.
        let failure_in_place = (body.get("target_state") == Some(&json!("FAILED"))) == body.get("failure").is_some();
        prop_assert_eq!(SCHEMA.is_valid(&body) && failure_in_place, read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_recovery_is_what_is_read(body in object(vec![
        ("reason", texts()),
        ("force", vec![json!(true)]),
        ("workflow_id", vec![json!("wf-1"), json!(7), Value::Null]),
        ("requested_by", vec![json!("alice"), json!(7), Value::Null]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("RecoveryRequest"));
        let read = recover_workflow::request::read(&GatewayEvent::of(&recover_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_release_is_what_is_read(body in object(vec![
        ("breaks", vec![json!([a_break(2).id()]), json!([])]),
        ("reason", texts()),
        ("force", vec![json!(true)]),
        ("workflow_id", vec![json!("wf-1"), json!(7), Value::Null]),
        ("requested_by", vec![json!("alice"), json!(7), Value::Null]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("ReleaseRequest"));
        let read = release_workflow::request::read(&GatewayEvent::of(&release_workflow::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }

    #[test]
    fn what_the_document_says_of_a_replay_is_what_is_read(body in object(vec![
        ("from_version", vec![json!(1), json!(9_999_999_999_u64), json!(0), json!(-1), json!("1"), json!(1.5), json!(1.0), Value::Null]),
        ("to_version", vec![json!(9)]),
        ("workflow_id", vec![json!("wf-1"), json!(7), Value::Null]),
        ("requested_by", vec![json!("alice"), json!(7), Value::Null]),
    ])) {
        static SCHEMA: LazyLock<Validator> = LazyLock::new(|| named("ReplayRequest"));
        let read = replay_events::request::read(&GatewayEvent::of(&replay_events::ROUTE).json(&body).incoming());
        prop_assert_eq!(SCHEMA.is_valid(&body), read.is_ok(), "{:?}", read);
    }
}
