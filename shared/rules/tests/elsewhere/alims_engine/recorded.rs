//! The fake answers as the real engine did.
//!
//! Both files were recorded from ALIMS's own engine, revision 7e5240e. With `ALIMS_REAL_ENGINE_URL` set to the address
//! of an engine that was just started, the same tests ask that engine instead of the fake.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{AlimsEngine, BASE};

const CONVERSATION: &str = include_str!("conversation.jsonl");
const COMPARISONS: &str = include_str!("comparisons.jsonl");
const PAGE: &str = include_str!("../../../../../docs/predicate-logic-engine.md");
/// Members that differ from call to call; a file has `~` there.
const VARYING: [&str; 5] = ["timestamp", "created_at", "updated_at", "duration", "evaluation_id"];

struct Asked {
    client: Client,
    url: String,
    _fake: AlimsEngine,
}

impl Asked {
    async fn engine() -> Self {
        let fake = AlimsEngine::with(&[]).await;
        let url = std::env::var_os("ALIMS_REAL_ENGINE_URL")
            .map_or_else(|| fake.url.clone(), |url| url.into_string().unwrap());
        Self { client: Client::new(), url, _fake: fake }
    }

    async fn call(&self, call: &str, body: Option<&Value>) -> (u16, Value) {
        let (method, path) = call.split_once(' ').unwrap();
        let request =
            self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{BASE}{path}", self.url));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json", "{call}");
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }
}

fn lines(file: &str) -> impl Iterator<Item = Value> {
    file.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Without what differs from call to call.
fn vague(mut answer: Value) -> Value {
    match &mut answer {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = vague(item.take())),
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                *value = if VARYING.contains(&name.as_str()) { json!("~") } else { vague(value.take()) };
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    answer
}

#[tokio::test]
async fn the_fake_answers_as_the_real_engine_did() {
    let asked = Asked::engine().await;
    let complaints = [conversed(&asked).await, compared(&asked).await].concat();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

async fn conversed(asked: &Asked) -> Vec<String> {
    let mut complaints = Vec::new();
    for recorded in lines(CONVERSATION) {
        let (status, answer) = asked.call(recorded["call"].as_str().unwrap(), recorded.get("body")).await;
        // The text of an answer to an invalid request is that of a library, and not recorded.
        let same = recorded.get("answer").is_none_or(|expected| *expected == vague(answer.clone()));
        if recorded["status"] != status || !same {
            complaints.push(format!("{recorded}: {status} {answer}"));
        }
    }
    complaints
}

async fn compared(asked: &Asked) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, recorded) in lines(COMPARISONS).enumerate() {
        let id = format!("comparison-{number}");
        let condition = json!({"field": "field", "operator": recorded["operator"], "value": recorded["value"]});
        let mut attributes = json!({"other": "o"});
        if let Some(attribute) = recorded.get("attribute") {
            attributes["field"] = attribute.clone();
        }
        asked.call("POST /rules", Some(&json!({"id": id, "name": id, "conditions": [condition]}))).await;
        asked.call(&format!("POST /rules/{id}/activate"), None).await;
        asked.call("POST /facts", Some(&json!({"id": id, "attributes": attributes}))).await;
        let (status, answer) = asked.call("POST /evaluate", Some(&json!({"rule_id": id, "input_facts": [id]}))).await;
        if (status, &answer["result"]) != (200, &recorded["result"]) {
            complaints.push(format!("{recorded}: {answer}"));
        }
    }
    complaints
}

/// The rows of the page's table of comparisons: attributes, operator, value, and whether the condition is met.
fn told() -> Vec<(Vec<Value>, String, String, bool)> {
    let table = PAGE.split_once("| attribute | condition | result |\n|---|---|---|\n").unwrap().1;
    let row = |row: &str| {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let spans =
            |column: usize| columns[column].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let condition = spans(2);
        // `transition.failure` is the name of an attribute and not its value.
        let attributes = spans(1).iter().filter_map(|span| serde_json::from_str(span).ok()).collect();
        (attributes, condition[0].clone(), condition[1].clone(), columns[3].starts_with("met"))
    };
    table.lines().take_while(|line| line.starts_with('|')).map(row).collect()
}

#[test]
fn the_page_tells_what_the_real_engine_answered() {
    let told = told();
    assert!(told.len() > 8, "{} rows: this test sees too little", told.len());
    for (attributes, operator, value, met) in told {
        let of = |attribute: Option<&Value>| {
            lines(COMPARISONS).any(|recorded| {
                recorded.get("attribute") == attribute
                    && (&recorded["operator"], &recorded["value"]) == (&json!(operator), &json!(value))
                    && recorded["result"] == met
            })
        };
        let recorded = if attributes.is_empty() { of(None) } else { attributes.iter().all(|one| of(Some(one))) };
        assert!(recorded, "{attributes:?} {operator} {value}: {met} was not recorded");
    }
}
