//! A fake of ALIMS's own engine: facts are everybody's and lost at a restart, an inactive rule answers 400, the working
//! memory is bounded, and it gives no reasons.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::asking::PATIENCE;

const BASE: &str = "/api/v1/predicate-logic";
/// Facts that its working memory holds.
pub(crate) const WORKING_MEMORY_MAX: usize = 4;

/// What goes wrong with the next call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It answers with this status instead.
    Status(u16),
    /// It is started anew before it comes to the call.
    Restart,
    /// It does not answer until it is told to go on.
    Hang,
    /// It does not answer, and takes the fact only when it is told to go on.
    TakeLate,
    /// It answers with this, whatever was asked.
    Say(&'static str),
}

/// The engine. It is gone when this is dropped.
pub(crate) struct AlimsEngine {
    pub(crate) url: String,
    inside: Arc<Inside>,
    serving: JoinHandle<()>,
}

struct Inside {
    memory: Mutex<Memory>,
    mishaps: Mutex<VecDeque<(&'static str, Mishap)>>,
    /// Whether it answers every call with an error.
    fails: AtomicBool,
    go_on: watch::Sender<bool>,
    /// How many facts there are, for those who wait for their removal.
    facts: watch::Sender<usize>,
}

#[derive(Default)]
struct Memory {
    rules: BTreeMap<String, Value>,
    facts: BTreeMap<String, Value>,
    /// Every fact that was ever given.
    given: Vec<Value>,
    /// Method and path of every call.
    calls: Vec<String>,
    evaluating: usize,
    evaluating_most: usize,
}

impl AlimsEngine {
    /// An engine with active rules, each an id and the one field and value it asks for.
    pub(crate) async fn with(rules: &[(&str, &str, Value)]) -> Self {
        let rules = rules.iter().map(|(id, field, value)| {
            let condition = json!({"field": field, "operator": "EQUALS", "value": value});
            let name = format!("Name of {id}");
            let rule = json!({"id": id, "name": name, "conditions": [condition], "priority": 1, "state": "ACTIVE"});
            ((*id).to_owned(), rule)
        });
        let memory = Mutex::new(Memory { rules: rules.collect(), ..Memory::default() });
        let (go_on, facts) = (watch::Sender::new(false), watch::Sender::new(0));
        let inside =
            Arc::new(Inside { memory, mishaps: Mutex::default(), fails: AtomicBool::new(false), go_on, facts });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(serve).with_state(inside.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inside, serving }
    }

    /// What goes wrong with the next call whose method and path begin so, such as `POST /facts`.
    pub(crate) fn mishap(&self, call: &'static str, mishap: Mishap) {
        self.inside.mishaps.lock().unwrap().push_back((call, mishap));
    }

    /// Whether it answers every call with an error from now on.
    pub(crate) fn fails(&self, fails: bool) {
        self.inside.fails.store(fails, Ordering::SeqCst);
    }

    pub(crate) fn state(&self, rule: &str, state: &str) {
        self.inside.memory.lock().unwrap().rules.get_mut(rule).unwrap()["state"] = json!(state);
    }

    pub(crate) fn go_on(&self) {
        self.inside.go_on.send_replace(true);
    }

    /// Somebody else's facts, so many.
    pub(crate) fn crowd(&self, facts: usize) {
        let mut memory = self.inside.memory.lock().unwrap();
        memory.facts.extend((0..facts).map(|n| (format!("another's-{n}"), json!({"attributes": {}}))));
    }

    /// The ids of the facts that are there, somebody else's left out.
    pub(crate) fn facts(&self) -> Vec<String> {
        let memory = self.inside.memory.lock().unwrap();
        memory.facts.keys().filter(|id| !id.starts_with("another's")).cloned().collect()
    }

    pub(crate) async fn until_facts_are(&self, many: usize) {
        let mut facts = self.inside.facts.subscribe();
        let waited = tokio::time::timeout(PATIENCE, facts.wait_for(|facts| *facts == many)).await;
        assert!(waited.is_ok(), "there are never {many} facts");
    }

    pub(crate) fn given(&self) -> Vec<Value> {
        self.inside.memory.lock().unwrap().given.clone()
    }

    /// How many calls began so.
    pub(crate) fn calls(&self, call: &str) -> usize {
        self.inside.memory.lock().unwrap().calls.iter().filter(|made| made.starts_with(call)).count()
    }

    /// How many rules were evaluated at the same time, at most.
    pub(crate) fn evaluating_most(&self) -> usize {
        self.inside.memory.lock().unwrap().evaluating_most
    }
}

impl Drop for AlimsEngine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(State(inside): State<Arc<Inside>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().as_str().strip_prefix(BASE).unwrap_or("/elsewhere").to_owned();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let call = format!("{} {path}", parts.method);
    inside.memory.lock().unwrap().calls.push(call.clone());
    if inside.fails.load(Ordering::SeqCst) {
        return answer(503, &json!({"error": "on purpose"}));
    }
    let mishap = {
        let mut mishaps = inside.mishaps.lock().unwrap();
        let next = mishaps.iter().position(|(begins, _)| call.starts_with(begins));
        next.and_then(|at| mishaps.remove(at)).map(|(_, mishap)| mishap)
    };
    match mishap {
        None => {}
        Some(Mishap::Status(status)) => return answer(status, &json!({"error": "on purpose"})),
        Some(Mishap::Restart) => inside.memory.lock().unwrap().facts.clear(),
        Some(Mishap::Hang) => drop(inside.go_on.subscribe().wait_for(|go_on| *go_on).await),
        Some(Mishap::TakeLate) => {
            // In a task of its own: that of the call is given up with the connection.
            tokio::spawn(async move {
                let _ = inside.go_on.subscribe().wait_for(|go_on| *go_on).await;
                inside.take(&body);
                inside.facts.send_replace(inside.memory.lock().unwrap().facts.len());
            });
            return std::future::pending().await;
        }
        Some(Mishap::Say(said)) => return answer(200, &serde_json::from_str(said).unwrap()),
    }
    let response = match (&parts.method, path.as_str()) {
        (&Method::GET, "/rules?state=ACTIVE") => inside.rules(),
        (&Method::POST, "/facts") => inside.take(&body),
        (&Method::POST, "/evaluate") => inside.evaluate(&body).await,
        (&Method::DELETE, path) if path.starts_with("/facts/") => inside.remove(&path["/facts/".len()..]),
        _ => answer(404, &json!({"error": "no such route"})),
    };
    inside.facts.send_replace(inside.memory.lock().unwrap().facts.len());
    response
}

impl Inside {
    fn rules(&self) -> Response<Body> {
        let memory = self.memory.lock().unwrap();
        let active: Vec<&Value> = memory.rules.values().filter(|rule| rule["state"] == "ACTIVE").collect();
        answer(200, &json!(active))
    }

    fn take(&self, body: &Bytes) -> Response<Body> {
        let fact: Value = serde_json::from_slice(body).unwrap();
        let mut memory = self.memory.lock().unwrap();
        if memory.facts.len() >= WORKING_MEMORY_MAX {
            return answer(507, &json!({"error": "working memory is full"}));
        }
        memory.given.push(fact.clone());
        memory.facts.insert(fact["id"].as_str().unwrap().to_owned(), fact);
        answer(201, &json!({"stored": true}))
    }

    async fn evaluate(&self, body: &Bytes) -> Response<Body> {
        {
            let mut memory = self.memory.lock().unwrap();
            memory.evaluating += 1;
            memory.evaluating_most = memory.evaluating_most.max(memory.evaluating);
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let asked: Value = serde_json::from_slice(body).unwrap();
        let mut memory = self.memory.lock().unwrap();
        memory.evaluating -= 1;
        let Some(rule) = memory.rules.get(asked["rule_id"].as_str().unwrap()) else {
            return answer(404, &json!({"error": "no such rule"}));
        };
        if rule["state"] != "ACTIVE" {
            return answer(400, &json!({"error": "the rule is not active"}));
        }
        let Some(fact) = memory.facts.get(asked["input_facts"][0].as_str().unwrap()) else {
            return answer(422, &json!({"error": "no such fact"}));
        };
        let attributes: &Map<String, Value> = fact["attributes"].as_object().unwrap();
        let conditions = rule["conditions"].as_array().unwrap();
        let met = conditions.iter().map(|condition| {
            attributes.get(condition["field"].as_str().unwrap()).map(|given| *given == condition["value"])
        });
        let result: Option<Vec<bool>> = met.collect();
        let result = result.map(|met| met.into_iter().all(|met| met));
        let said = json!({
            "evaluation_id": "e-1", "rule_id": rule["id"], "result": result, "state": "COMPLETED", "took_ms": 1
        });
        answer(200, &said)
    }

    fn remove(&self, id: &str) -> Response<Body> {
        match self.memory.lock().unwrap().facts.remove(id) {
            Some(_) => Response::builder().status(204).body(Body::empty()).unwrap(),
            None => answer(404, &json!({"error": "no such fact"})),
        }
    }
}

fn answer(status: u16, body: &Value) -> Response<Body> {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}
