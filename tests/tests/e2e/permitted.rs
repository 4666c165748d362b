//! Each operation is asked twice. If its role lacks a permission that a call needs, the answer is 500: the emulator holds
//! each call to the caller's role, and a laptop has no roles. Of `release-workflow` only the reads are tried here; the
//! scenario of a changed log releases a workflow.

use alims_interface::ROUTES;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::people::{Person, go};

const WORKFLOW: &str = "permitted";
/// The name of a break that no workflow has.
const NO_BREAK: &str = "0000000001-00000000000000000000000000000000";

/// A request with the statuses that it may be answered with.
type Asked = (&'static str, Method, String, Option<Value>, &'static [u16]);

fn of(rest: &str) -> String {
    format!("/workflows/{WORKFLOW}{rest}")
}

fn get(name: &'static str, path: &str) -> Asked {
    (name, Method::GET, path.to_owned(), None, &[200])
}

fn post(name: &'static str, path: &str, body: Value, statuses: &'static [u16]) -> Asked {
    (name, Method::POST, path.to_owned(), Some(body), statuses)
}

/// In an order in which each can succeed. The repetition of a request with a key is read back.
fn until_it_is_paused() -> Vec<Asked> {
    let new = json!({"workflow_type": "free-form", "workflow_id": WORKFLOW});
    let amendment = json!({"reason": "As planned.", "labels": {"plate": "P-7"}, "due_at": "2026-01-01T00:00:00Z"});
    let batch =
        json!({"transitions": [{"workflow_id": WORKFLOW, "target_state": "PAUSED", "reason": "For the night."}]});
    vec![
        post("create-workflow", "/workflows", new, &[201, 200]),
        post("request-state-transition", &of("/transitions"), go("ACTIVE"), &[200]),
        post("request-state-transition", &of("/transitions"), go("CREATED"), &[409]),
        ("amend-workflow", Method::PATCH, of(""), Some(amendment), &[200]),
        post("sign-workflow", &of("/signatures"), json!({"meaning": "review", "version": 3}), &[200]),
        post("batch-state-transitions", "/transitions", batch, &[200]),
    ]
}

/// Of a workflow whose events are published: a list without it would read nothing but the list.
fn once_it_is_published() -> Vec<Asked> {
    let release = json!({"breaks": [NO_BREAK], "reason": "None."});
    let review = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "Nothing unusual."});
    vec![
        get("get-workflow-state", &of("?evaluate=true")),
        get("get-workflow-history", &of("/history?include=refusals")),
        get("verify-workflow-history", &of("/history/verification")),
        get("list-workflows", "/workflows?state=PAUSED&include=metadata"),
        get("list-workflows", "/workflows?label=plate:P-7"),
        get("list-workflows", "/workflows?overdue=true&order=due"),
        get("list-workflows", "/workflows?quarantined=true&order=created"),
        get("count-workflows", "/counts"),
        get("list-activity", "/activity"),
        get("list-activity", "/activity?kind=WorkflowCreated&principal=alice"),
        get("list-rulesets", "/rulesets"),
        get("get-caller", "/me"),
        get("get-sweep", "/sweep"),
        post("replay-events", &of("/replay"), json!({"from_version": 1}), &[202]),
        post("recover-workflow", &of("/recovery"), json!({"reason": "To be sure."}), &[202]),
        get("get-workflow-recovery", &of("/recovery")),
        post("release-workflow", &of("/release"), release, &[409]),
        post("review-audit-trail", "/activity/reviews", review, &[201, 200]),
        post("export-records", "/exports", json!({"workflow_id": WORKFLOW}), &[201, 200]),
    ]
}

/// Asks everything twice. Returns the operations that were asked.
async fn asked_twice(person: &Person, requests: Vec<Asked>) -> BTreeSet<&'static str> {
    let mut asked = BTreeSet::new();
    for (name, method, path, body, statuses) in requests {
        let key = format!("{name}-{}", body.as_ref().map(Value::to_string).unwrap_or_default().len());
        let asker = if method == Method::GET { person.clone() } else { person.keyed(&key) };
        for _ in 0..2 {
            let answer = asker.ask(method.clone(), &path, body.as_ref()).await;
            let status = answer.status.as_u16();
            assert!(statuses.contains(&status), "{name}: {method} {path} was answered with {status}: {}", answer.body);
            match name {
                "batch-state-transitions" => assert_eq!(answer.body["moved"], 1, "{}", answer.body),
                "export-records" => {
                    assert_eq!(answer.body["status"], "COMPLETED", "{}", answer.body);
                    person.get(&format!("/exports/{}", answer.body["export_id"].as_str().unwrap())).await.expect(200);
                    asked.insert("get-export");
                }
                _ => {}
            }
        }
        asked.insert(name);
    }
    asked
}

#[tokio::test]
async fn every_operation_may_do_what_it_does_the_first_and_the_second_time() {
    let alice = Person::everybody();
    let mut asked = asked_twice(&alice, until_it_is_paused()).await;
    let published = |list: &Value| {
        let mut items = list["items"].as_array().unwrap().iter();
        items.any(|item| item["workflow_id"] == WORKFLOW && item["published_version"] == 5)
    };
    alice.until("/workflows?label=plate:P-7", published).await;
    asked.extend(asked_twice(&alice, once_it_is_published()).await);
    let left_out: Vec<&str> = ROUTES.iter().map(|route| route.name).filter(|name| !asked.contains(name)).collect();
    assert_eq!(left_out, Vec::<&str>::new(), "add a request of these");
}
