//! The contract's own examples, executed as its page executes them: a newcomer's first minutes.

use reqwest::Method;
use serde_json::{Map, Value};

use crate::lab::{Answer, Lab, Person};

/// One operation as the page shows it, with what it would send.
struct Shown {
    id: String,
    method: Method,
    path: String,
    body: Option<Value>,
}

#[tokio::test]
async fn the_examples_of_the_contract_work_from_top_to_bottom() {
    let lab = Lab::open().await;
    let person = lab.everybody();
    let shown = shown(&person.get("/openapi.json").await.expect(200));
    assert_eq!(shown.len(), alims_interface::ROUTES.len());
    for operation in &shown {
        let answer = execute(&person, operation).await;
        match operation.id.as_str() {
            // Only a broken history has something to release, and the answer says where to look.
            "releaseWorkflow" => {
                let detail = answer.refused(409, "workflow-not-quarantined");
                assert!(detail["detail"].as_str().unwrap().contains("`quarantines`"), "{detail}");
            }
            // The service makes the ids of exports, so that no example has one that is there.
            "getExport" => {
                let detail = answer.refused(404, "export-not-found");
                assert!(detail["detail"].as_str().unwrap().contains("export the records again"), "{detail}");
            }
            _ => assert!(answer.status.is_success(), "{}: {} {}", operation.id, answer.status, answer.body),
        }
        // An event is published soon; a person is slower.
        if operation.id == "requestStateTransition" {
            person.until("/workflows", |list| list["items"][0]["published_version"] == 4).await;
        }
    }
    for operation in &shown {
        let answer = execute(&person, operation).await;
        match operation.id.as_str() {
            "createWorkflow" => drop(answer.refused(409, "workflow-already-exists")),
            "requestStateTransition" => {
                let problem = answer.refused(409, "invalid-transition");
                assert!(problem["allowed_transitions"].as_array().is_some_and(|all| all.len() > 1), "{problem}");
            }
            "signWorkflow" => drop(answer.refused(409, "version-conflict")),
            "releaseWorkflow" => drop(answer.refused(409, "workflow-not-quarantined")),
            "getExport" => drop(answer.refused(404, "export-not-found")),
            _ => assert!(answer.status.is_success(), "{} again: {} {}", operation.id, answer.status, answer.body),
        }
    }
    let state = person.get("/workflows/sample-2026-0042").await.expect(200);
    // Created, amended, signed, moved, and amended again.
    assert_eq!((&state["current_state"], &state["version"]), (&"ACTIVE".into(), &5.into()), "{state}");
}

async fn execute(person: &Person, shown: &Shown) -> Answer {
    let request = person.request(shown.method.clone(), &shown.path);
    Answer::to(shown.body.iter().fold(request, |request, body| request.json(body))).await
}

/// Every operation in the order of the page: by tag, then by path.
fn shown(document: &Value) -> Vec<Shown> {
    let tags = document["tags"].as_array().unwrap().iter();
    tags.flat_map(|tag| {
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
        });
        operations
            .filter(|(_, _, operation)| operation["tags"][0] == tag["name"])
            .map(|(path, method, operation)| as_the_page_sends_it(path, method, operation))
            .collect::<Vec<Shown>>()
    })
    .collect()
}

/// Fills in what the page fills in: the example of each parameter or else its default, and the first example of a body.
fn as_the_page_sends_it(path: &str, method: &str, operation: &Value) -> Shown {
    let id = operation["operationId"].as_str().unwrap().to_owned();
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let Some(value) = parameter.get("example").or_else(|| parameter["schema"].get("default")) else { continue };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), &value),
            "query" => query.push(format!("{name}={value}")),
            place => panic!("{id} would send {name} in {place}"),
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let content = &operation["requestBody"]["content"]["application/json"];
    let first = content["examples"].as_object().and_then(first).map(|example| &example["value"]);
    let body = first.or_else(|| content.get("example")).cloned();
    Shown { id, method: method.to_uppercase().parse().unwrap(), path, body }
}

fn first(examples: &Map<String, Value>) -> Option<&Value> {
    examples.values().next()
}
