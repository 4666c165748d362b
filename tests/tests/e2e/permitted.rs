//! Every operation, with what it does only the second time: one that its role does not permit what it does answers 503.
//! The emulator holds each call to the caller's role; a laptop has no roles.

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

/// In an order in which each can succeed. The repetition of a request with a key is read back.
fn requests() -> Vec<Asked> {
    let of = |rest: &str| format!("/workflows/{WORKFLOW}{rest}");
    let new = json!({"workflow_type": "free-form", "workflow_id": WORKFLOW});
    let amendment = json!({"reason": "As planned.", "labels": {"plate": "P-7"}, "due_at": "2026-01-01T00:00:00Z"});
    let batch =
        json!({"transitions": [{"workflow_id": WORKFLOW, "target_state": "PAUSED", "reason": "For the night."}]});
    let review = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "Nothing unusual."});
    let get = |name, path: &str| (name, Method::GET, path.to_owned(), None, &[200][..]);
    vec![
        ("create-workflow", Method::POST, "/workflows".to_owned(), Some(new), &[201, 200]),
        ("request-state-transition", Method::POST, of("/transitions"), Some(go("ACTIVE")), &[200]),
        ("request-state-transition", Method::POST, of("/transitions"), Some(go("CREATED")), &[409]),
        ("amend-workflow", Method::PATCH, of(""), Some(amendment), &[200]),
        ("sign-workflow", Method::POST, of("/signatures"), Some(json!({"meaning": "review", "version": 3})), &[200]),
        ("batch-state-transitions", Method::POST, "/transitions".to_owned(), Some(batch), &[200]),
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
        ("recover-workflow", Method::POST, of("/recovery"), Some(json!({"reason": "To be sure."})), &[202]),
        get("get-workflow-recovery", &of("/recovery")),
        ("replay-events", Method::POST, of("/replay"), Some(json!({"from_version": 1})), &[202]),
        (
            "release-workflow",
            Method::POST,
            of("/release"),
            Some(json!({"breaks": [NO_BREAK], "reason": "None."})),
            &[409],
        ),
        ("review-audit-trail", Method::POST, "/activity/reviews".to_owned(), Some(review), &[201, 200]),
        ("export-records", Method::POST, "/exports".to_owned(), Some(json!({"workflow_id": WORKFLOW})), &[201, 200]),
    ]
}

#[tokio::test]
async fn every_operation_may_do_what_it_does_the_first_and_the_second_time() {
    let alice = Person::everybody();
    let mut named = BTreeSet::from(["get-export"]);
    for (place, (name, method, path, body, statuses)) in requests().into_iter().enumerate() {
        named.insert(name);
        let asker = if method == Method::GET { alice.clone() } else { alice.keyed(&format!("permitted-{place}")) };
        for _ in 0..2 {
            let answer = asker.ask(method.clone(), &path, body.as_ref()).await;
            let status = answer.status.as_u16();
            assert!(statuses.contains(&status), "{name}: {method} {path} was answered with {status}: {}", answer.body);
            if let Some(export) = answer.body["export_id"].as_str() {
                alice.get(&format!("/exports/{export}")).await.expect(200);
            }
        }
    }
    let left_out: Vec<&str> = ROUTES.iter().map(|route| route.name).filter(|name| !named.contains(name)).collect();
    assert_eq!(left_out, Vec::<&str>::new(), "add a request of these");
}
