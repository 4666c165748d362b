//! The one log line of an exchange: at the level of what happened, with what is needed to find it, and every cause.

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::named_workflow;
use alims_edge::route::Route;
use alims_edge::testing::{GatewayEvent, REQUEST_ID};
use alims_operations::ReadWorkflowError;
use alims_operations::ports::StoreError;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// The route of some operation.
static ROUTE: Route = Route {
    name: "get-workflow-state",
    operation_id: "getWorkflowState",
    method: http::Method::GET,
    path: "/workflows/{workflow_id}",
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines that the exchange of one outcome logs.
fn logged(outcome: Result<Answer, Problem>) -> Vec<Value> {
    lines_of(|| {
        let request = GatewayEvent::of(&ROUTE).incoming();
        drop(Exchange::open(&ROUTE, &request).close(outcome));
    })
}

/// The lines that are logged meanwhile.
fn lines_of(work: impl FnOnce()) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, work);
    let written = lines.0.lock().expect("nobody panics").clone();
    let text = String::from_utf8(written).expect("text");
    text.lines().map(|line| flat(serde_json::from_str(line).expect("a line of JSON"))).collect()
}

/// The line with the fields of its span among its own, as the runtime of a function writes them.
fn flat(mut line: Value) -> Value {
    if let Value::Object(mut span) = line["span"].take() {
        span.append(line.as_object_mut().expect("an object"));
        return span.into();
    }
    line
}

fn only(outcome: Result<Answer, Problem>) -> Value {
    let lines = logged(outcome);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().expect("one line")
}

#[test]
fn an_answer_and_a_refusal_are_told_in_one_line_each() {
    let answered = only(Answer::ok(&json!({})));
    for (name, value) in [
        ("level", json!("INFO")),
        ("operation", json!("get-workflow-state")),
        ("request_id", json!(REQUEST_ID)),
        ("tenant", json!("lab")),
        ("workflow_id", json!("wf-1")),
        ("status", json!(200)),
    ] {
        assert_eq!(answered[name], value, "{name}");
    }
    let refused = only(Err(Problem::WorkflowNotFound));
    assert_eq!((&refused["level"], &refused["code"]), (&json!("INFO"), &json!("workflow-not-found")));
    assert_eq!((&refused["status"], &refused["tenant"]), (&json!(404), &json!("lab")));
    // A request without a correlation id starts one of its own.
    assert_eq!(refused["correlation_id"], json!(REQUEST_ID));
}

#[test]
fn what_is_unavailable_is_a_warning_and_a_bug_an_error_with_every_cause() {
    let cause = || std::io::Error::other(std::io::Error::other("the socket is closed"));
    let unavailable = ReadWorkflowError::Store(StoreError::Unavailable(Box::new(cause())));
    let line = only(Err(unavailable.into()));
    assert_eq!((&line["level"], &line["code"]), (&json!("WARN"), &json!("storage-unavailable")));
    let error = line["error"].as_str().expect("the chain");
    assert!(error.starts_with("the store is unavailable: ") && error.contains("the socket is closed"), "{error}");
    let bug = ReadWorkflowError::Store(StoreError::Refused("no such table".into()));
    let line = only(Err(bug.into()));
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!("internal")));
    assert_eq!(line["error"], "the store refused the request: no such table");
}

#[test]
fn names_that_are_no_roles_are_told_once_and_the_token_never_is() {
    let odd = GatewayEvent::of(&ROUTE).claim("roles", json!(["former supervisor", "viewer"]));
    let lines = lines_of(|| drop(named_workflow(&odd.incoming())));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["names"], &lines[0]["request_id"]), (&json!("`former supervisor`"), &json!(REQUEST_ID)));
    assert!(!lines[0].to_string().contains("Bearer") && !lines[0].to_string().contains("e30."), "{lines:?}");
    assert!(lines_of(|| drop(named_workflow(&GatewayEvent::of(&ROUTE).incoming()))).is_empty());
}
