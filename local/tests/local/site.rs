//! A server with a data folder of its own, and people who call it.

use alims_local::token::{LIFETIME_DEFAULT_S, TokenRequest};
use alims_local::{Config, Server};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How long a test waits for what must come. It is never waited out when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Site {
    pub(crate) data: TempDir,
    pub(crate) server: Server,
}

/// Somebody with a token, or with something that is none.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    base: String,
    token: String,
}

pub(crate) fn request(sub: &str, tenant: &str, roles: &[&str]) -> TokenRequest {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    TokenRequest {
        sub: sub.to_owned(),
        tenant: tenant.to_owned(),
        roles,
        scopes: Vec::new(),
        lifetime_s: LIFETIME_DEFAULT_S,
    }
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::on(tempfile::tempdir().unwrap(), |_| {}).await
    }

    pub(crate) async fn on(data: TempDir, change: fn(&mut Config)) -> Self {
        let mut config = Config::new(data.path());
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        Self { data, server }
    }

    /// Stops the server and gives the folder it leaves behind.
    pub(crate) async fn close(self) -> TempDir {
        self.server.stop().await;
        self.data
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub(crate) fn person(&self, sub: &str, roles: &[&str]) -> Person {
        self.person_of("default", sub, roles)
    }

    pub(crate) fn person_of(&self, tenant: &str, sub: &str, roles: &[&str]) -> Person {
        self.bearer(self.server.token(&request(sub, tenant, roles)).unwrap())
    }

    pub(crate) fn bearer(&self, token: String) -> Person {
        Person::new(self.base(), token)
    }
}

impl Person {
    pub(crate) fn new(base: String, token: String) -> Self {
        Self { client: Client::builder().no_proxy().build().unwrap(), base, token }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn create(&self, id: &str) {
        let body = json!({ "workflow_id": id, "workflow_type": "free-form" });
        let (status, body) = self.post("/workflows", &body).await;
        assert_eq!(status, 201, "{body}");
    }

    pub(crate) async fn move_to(&self, id: &str, target: &str) -> (StatusCode, Value) {
        let body = json!({ "target_state": target, "reason": "because" });
        self.post(&format!("/workflows/{id}/transitions"), &body).await
    }

    /// Listens to events until `enough`, and gives their numbers and envelopes.
    pub(crate) async fn listen(&self, path: &str, enough: impl Fn(&[(u64, Value)]) -> bool) -> Vec<(u64, Value)> {
        let mut listening = Listening::begin(self, path).await;
        listening.until(enough).await;
        listening.heard
    }

    /// Waits until the list has a workflow at a version.
    pub(crate) async fn until_listed(&self, id: &str, version: u64) {
        let looking = async {
            loop {
                let (_, page) = self.get("/workflows?limit=100").await;
                let items = page["items"].as_array().unwrap().clone();
                if items.iter().any(|item| item["workflow_id"] == id && item["published_version"] == version) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("the list never comes to it");
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// An open stream of events.
pub(crate) struct Listening {
    answer: reqwest::Response,
    text: String,
    pub(crate) heard: Vec<(u64, Value)>,
}

impl Listening {
    pub(crate) async fn begin(person: &Person, path: &str) -> Self {
        let answer = person.request(Method::GET, path).send().await.unwrap().error_for_status().unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, text: String::new(), heard: Vec::new() }
    }

    pub(crate) async fn until(&mut self, enough: impl Fn(&[(u64, Value)]) -> bool) {
        let listening = async {
            while !enough(&self.heard) {
                let chunk = self.answer.chunk().await.unwrap().expect("the stream ended");
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
                while let Some((event, rest)) = self.text.split_once("\n\n") {
                    if let Some(event) = parsed(event) {
                        self.heard.push(event);
                    }
                    self.text = rest.to_owned();
                }
            }
        };
        let listened = tokio::time::timeout(PATIENCE, listening).await;
        assert!(listened.is_ok(), "too few events: {:?}", self.heard);
    }
}

fn parsed(event: &str) -> Option<(u64, Value)> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let envelope: Value = serde_json::from_str(field("data: ")?).unwrap();
    assert_eq!(envelope["detail-type"], field("event: ").unwrap());
    Some((field("id: ").unwrap().parse().unwrap(), envelope))
}

/// The workflow and version each event is of.
pub(crate) fn versions(events: &[(u64, Value)]) -> Vec<(String, u64)> {
    let version = |(_, envelope): &(u64, Value)| {
        let detail = &envelope["detail"];
        (detail["workflow_id"].as_str().unwrap().to_owned(), detail["version"].as_u64().unwrap())
    };
    events.iter().map(version).collect()
}

/// The lines of a file; none when it is not there.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
