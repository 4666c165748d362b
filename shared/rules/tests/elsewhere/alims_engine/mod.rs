//! A fake of ALIMS's own engine. `conversation.jsonl` and `comparisons.jsonl` hold what the real one answered; the fake
//! must answer the same.

mod memory;
mod python;
mod recorded;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::asking::PATIENCE;
use memory::Memory;
pub(crate) use memory::WORKING_MEMORY_MAX;

const BASE: &str = "/api/v1/predicate-logic";

/// A condition of a rule: field, operator and value.
pub(crate) type Condition<'c> = (&'c str, &'c str, &'c str);

/// What goes wrong with the next call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It answers with this status instead.
    Status(u16),
    /// It is started anew before it comes to the call: it knows no fact and no rule.
    Restart,
    /// It is started anew before it comes to the call, and then given its rules again: it knows no fact.
    LoseFacts,
    /// It does what was asked; the answer is lost, and a gateway sends this status instead.
    LoseAnswer(u16),
    /// The call waits for the test to release it.
    Hang,
    /// It does not answer, and takes the fact only when the test releases it.
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
    seen: Mutex<Seen>,
    mishaps: Mutex<VecDeque<(&'static str, Mishap)>>,
    /// Whether it answers every call with an error.
    fails: AtomicBool,
    go_on: watch::Sender<bool>,
    /// How many facts there are, for those who wait for their removal.
    facts: watch::Sender<usize>,
}

#[derive(Default)]
struct Seen {
    /// Every fact that was ever given.
    given: Vec<Value>,
    /// Method and path of every call.
    calls: Vec<String>,
    evaluating: usize,
    evaluating_most: usize,
}

impl AlimsEngine {
    /// An engine with active rules, each an id and the one field and text it asks for.
    pub(crate) async fn with(rules: &[(&str, &str, &str)]) -> Self {
        let (go_on, facts) = (watch::Sender::new(false), watch::Sender::new(0));
        let (memory, seen, mishaps) = (Mutex::default(), Mutex::default(), Mutex::default());
        let inside = Arc::new(Inside { memory, seen, mishaps, fails: AtomicBool::new(false), go_on, facts });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(serve).with_state(inside.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let engine = Self { url, inside, serving };
        for (id, field, text) in rules {
            engine.rule(id, &[(field, "EQUALS", text)]);
        }
        engine
    }

    /// Adds an active rule.
    pub(crate) fn rule(&self, id: &str, conditions: &[Condition<'_>]) {
        self.draft(id, conditions);
        assert_eq!(self.does(&format!("/rules/{id}/activate"), &Value::Null), 200);
    }

    /// Adds a rule that is not active yet.
    pub(crate) fn draft(&self, id: &str, conditions: &[Condition<'_>]) {
        let condition =
            |&(field, operator, value): &Condition<'_>| json!({"field": field, "operator": operator, "value": value});
        let conditions: Vec<Value> = conditions.iter().map(condition).collect();
        let rule = json!({"id": id, "name": format!("Name of {id}"), "conditions": conditions});
        assert_eq!(self.does("/rules", &rule), 200);
    }

    pub(crate) fn deactivate(&self, rule: &str) {
        assert_eq!(self.does(&format!("/rules/{rule}/deactivate"), &Value::Null), 200);
    }

    fn does(&self, path: &str, body: &Value) -> u16 {
        self.inside.memory.lock().unwrap().answer(&axum::http::Method::POST, path, body).0
    }

    /// It knows no fact and no rule any more.
    pub(crate) fn restart(&self) {
        self.inside.restart();
    }

    /// What goes wrong with the next call whose method and path begin so, such as `POST /facts`.
    pub(crate) fn mishap(&self, call: &'static str, mishap: Mishap) {
        self.inside.mishaps.lock().unwrap().push_back((call, mishap));
    }

    /// Whether it answers every call with an error from now on.
    pub(crate) fn fails(&self, fails: bool) {
        self.inside.fails.store(fails, Ordering::SeqCst);
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
        self.inside.seen.lock().unwrap().given.clone()
    }

    /// How many calls began so.
    pub(crate) fn calls(&self, call: &str) -> usize {
        self.inside.seen.lock().unwrap().calls.iter().filter(|made| made.starts_with(call)).count()
    }

    /// How many rules waited for their evaluation at the same time, at most.
    pub(crate) fn evaluating_most(&self) -> usize {
        self.inside.seen.lock().unwrap().evaluating_most
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
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let call = format!("{} {path}", parts.method);
    inside.seen.lock().unwrap().calls.push(call.clone());
    if inside.fails.load(Ordering::SeqCst) {
        return answer(503, &json!({"detail": "on purpose"}));
    }
    let mishap = {
        let mut mishaps = inside.mishaps.lock().unwrap();
        let next = mishaps.iter().position(|(begins, _)| call.starts_with(begins));
        next.and_then(|at| mishaps.remove(at)).map(|(_, mishap)| mishap)
    };
    match mishap {
        None | Some(Mishap::LoseAnswer(_)) => {}
        Some(Mishap::Status(status)) => return answer(status, &json!({"detail": "on purpose"})),
        Some(Mishap::Restart) => inside.restart(),
        Some(Mishap::LoseFacts) => inside.memory.lock().unwrap().facts.clear(),
        Some(Mishap::Hang) => drop(inside.go_on.subscribe().wait_for(|go_on| *go_on).await),
        Some(Mishap::TakeLate) => {
            // In a task of its own: that of the call is given up with the connection.
            tokio::spawn(async move {
                let _ = inside.go_on.subscribe().wait_for(|go_on| *go_on).await;
                inside.does(&parts.method, &path, &body);
            });
            return std::future::pending().await;
        }
        Some(Mishap::Say(said)) => return answer(200, &serde_json::from_str(said).unwrap()),
    }
    if path == "/evaluate" {
        inside.queue().await;
    }
    let (status, said) = inside.does(&parts.method, &path, &body);
    match mishap {
        Some(Mishap::LoseAnswer(instead)) => answer(instead, &json!({"detail": "on purpose"})),
        _ => answer(status, &said),
    }
}

impl Inside {
    fn does(&self, method: &axum::http::Method, path: &str, body: &Value) -> memory::Answer {
        let mut memory = self.memory.lock().unwrap();
        let answer = memory.answer(method, path, body);
        if (path, answer.0) == ("/facts", 200) {
            self.seen.lock().unwrap().given.push(body.clone());
        }
        self.facts.send_replace(memory.facts.len());
        answer
    }

    fn restart(&self) {
        *self.memory.lock().unwrap() = Memory::default();
        self.facts.send_replace(0);
    }

    /// Lets other evaluations arrive before this one is made.
    async fn queue(&self) {
        {
            let mut seen = self.seen.lock().unwrap();
            seen.evaluating += 1;
            seen.evaluating_most = seen.evaluating_most.max(seen.evaluating);
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        self.seen.lock().unwrap().evaluating -= 1;
    }
}

fn answer(status: u16, body: &Value) -> Response<Body> {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}
