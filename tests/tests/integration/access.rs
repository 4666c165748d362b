//! What a caller may not do says nothing of what is there: every operation on a workflow, for every role.

use alims_edge::route::Route;
use alims_interface::ROUTES;
use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person};

/// The bodies with which an operation is asked: one for each permission that it may need.
fn bodies(route: &Route) -> Vec<Value> {
    match route.name {
        "request-state-transition" => ["ACTIVE", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
            .map(|target| {
                let mut body = json!({"target_state": target, "reason": "as planned"});
                if target == "FAILED" {
                    body["failure"] = json!({"code": "power-loss", "message": "The power went.", "retryable": true});
                }
                body
            })
            .into(),
        "release-workflow" => {
            vec![json!({"breaks": ["0000000001-00000000000000000000000000000000"], "reason": "looked at"})]
        }
        "sign-workflow" => ["authorship", "review", "approval", "responsibility"]
            .map(|meaning| json!({"meaning": meaning, "version": 1}))
            .into(),
        "amend-workflow" => vec![json!({"reason": "as planned"})],
        "replay-events" => vec![json!({"from_version": 1})],
        _ => vec![json!({})],
    }
}

async fn asked(person: &Person, route: &Route, workflow_id: &str, body: &Value) -> Answer {
    let path = route.path.replace("{workflow_id}", workflow_id);
    if route.method == Method::GET {
        person.get(&path).await
    } else {
        Answer::to(person.request(route.method.clone(), &path).json(body)).await
    }
}

/// What an answer says, but for what names this request or this workflow.
fn told(answer: &Answer, workflow_id: &str) -> String {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    format!("{} {body}", answer.status).replace(workflow_id, "{workflow_id}")
}

#[tokio::test]
async fn a_refused_caller_is_told_the_same_of_a_workflow_that_is_there_missing_or_unreadable() {
    let lab = Lab::open().await;
    let everybody = lab.everybody();
    for id in ["is-there", "is-broken"] {
        everybody.at(id, &["ACTIVE"]).await;
    }
    lab.alter("is-broken", 2, "version", AttributeValue::S("two".to_owned())).await;
    let roles: [&[&str]; 6] = [&[], &["janitor"], &["viewer"], &["analyst"], &["supervisor"], &["auditor"]];
    let (mut asked_for, mut refused) = (0, 0);
    for roles in roles {
        let person = lab.person(&format!("a-{}", roles.join("-")), roles);
        for route in ROUTES.iter().filter(|route| route.path.contains("{workflow_id}")) {
            for body in bodies(route) {
                let mut answers = Vec::new();
                for id in ["is-missing", "is-there", "is-broken"] {
                    let answer = asked(&person, route, id, &body).await;
                    assert_ne!(answer.status, 400, "{}: the body is not one of this operation", route.name);
                    answers.push((id, answer));
                }
                asked_for += 1;
                if answers.iter().any(|(_, answer)| answer.status == 403) {
                    refused += 1;
                    let told: Vec<String> = answers.iter().map(|(id, answer)| told(answer, id)).collect();
                    assert!(told.windows(2).all(|two| two[0] == two[1]), "{}, {roles:?}: {told:#?}", route.name);
                } else {
                    assert!(!roles.is_empty() && roles != ["janitor"], "{} needs no role", route.name);
                    assert_eq!(answers[0].1.status, 404, "{}, {roles:?}", route.name);
                }
            }
        }
    }
    assert!(asked_for > 60 && refused > 30, "{refused} of {asked_for}: this test would see nothing");
}
