//! A laboratory for one test: the whole service on a data folder of its own, and people who call it over HTTP.

use alims_local::token::TokenRequest;
use alims_local::{Config, Server};
use alims_rules::Engine;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// A workflow type that no ruleset names: the lifecycle alone decides.
pub(crate) const FREE: &str = "free-form";
/// How long something that follows by itself may take before a test calls it missing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The file that says that the rules are down.
const RULES_DOWN: &str = "rules-are-down";

/// The running service.
pub(crate) struct Lab {
    pub(crate) server: Server,
    pub(crate) data: TempDir,
    config: Config,
    http: Client,
}

/// Somebody who calls it.
#[derive(Clone)]
pub(crate) struct Person {
    base: String,
    token: String,
    http: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Lab {
    /// Opens a laboratory with an empty data folder. The stream's records of what a test changes in the log get lost
    /// here: what finds damage without them is to be seen.
    pub(crate) async fn open() -> Self {
        Self::open_as(|config| config).await
    }

    /// The same, where the stream shows every change of the log.
    pub(crate) async fn open_shown() -> Self {
        Self::open_as(|config| Config { lose_changes: false, ..config }).await
    }

    /// The same, where the rules give verdicts only as long as a test lets them.
    pub(crate) async fn open_with_a_switch_for_the_rules() -> Self {
        Self::open_as(|config| Config { rules_down_while: Some(config.data.join(RULES_DOWN)), ..config }).await
    }

    /// The same with other rules than those of the repository.
    pub(crate) async fn open_with_rules(rules: &str) -> Self {
        Self::open_as(|config| {
            let folder = config.data.join("rules");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("rules.yaml"), rules).unwrap();
            Config { rules: Engine::Embedded { rules: folder }, ..config }
        })
        .await
    }

    /// The same, where nobody has to wait for the sweep.
    pub(crate) async fn open_sweeping() -> Self {
        Self::open_as(|config| Config { sweep_every: Duration::from_millis(200), ..config }).await
    }

    /// The same, set up in some other way.
    pub(crate) async fn open_as(how: impl FnOnce(Config) -> Config) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = how(Config { lose_changes: true, ..Config::new(data.path()) });
        Self::with(config, data).await
    }

    /// A laboratory that is set up in some other way.
    pub(crate) async fn with(config: Config, data: TempDir) -> Self {
        let server = Server::start(config.clone()).await.unwrap();
        Self { server, data, config, http: client() }
    }

    /// Stops the service and starts it again on the same data.
    pub(crate) async fn restarted(self) -> Self {
        let Self { server, data, config, http } = self;
        server.stop().await;
        let server = Server::start(config.clone()).await.unwrap();
        Self { server, data, config, http }
    }

    /// Whether the rules give verdicts, in a laboratory that was opened for that.
    pub(crate) fn rules_are_up(&self, up: bool) {
        let file = self.config.rules_down_while.as_ref().unwrap();
        if up {
            std::fs::remove_file(file).unwrap();
        } else {
            std::fs::write(file, "down").unwrap();
        }
    }

    /// Somebody of the default tenant.
    pub(crate) fn person(&self, sub: &str, roles: &[&str]) -> Person {
        self.person_of("default", sub, roles)
    }

    /// Somebody of a tenant.
    pub(crate) fn person_of(&self, tenant: &str, sub: &str, roles: &[&str]) -> Person {
        self.bearer(&self.token(sub, tenant, roles, 3600))
    }

    /// A token that holds for so many seconds.
    pub(crate) fn token(&self, sub: &str, tenant: &str, roles: &[&str], lifetime_s: i64) -> String {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let request =
            TokenRequest { sub: sub.to_owned(), tenant: tenant.to_owned(), roles, scopes: Vec::new(), lifetime_s };
        self.server.token(&request).unwrap()
    }

    /// Whoever holds this token.
    pub(crate) fn bearer(&self, token: &str) -> Person {
        let base = format!("http://{}", self.server.address());
        Person { base, token: token.to_owned(), http: self.http.clone() }
    }

    /// Somebody who may do everything that a role allows.
    pub(crate) fn everybody(&self) -> Person {
        self.person("alice", &["viewer", "analyst", "supervisor", "auditor"])
    }
}

/// A client that asks no proxy for what is on this machine.
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

impl Person {
    /// A request, to be completed and sent with [`Answer::to`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// Creates a workflow that only the lifecycle governs.
    pub(crate) async fn create(&self, workflow_id: &str) -> Answer {
        self.post("/workflows", &json!({"workflow_type": FREE, "workflow_id": workflow_id})).await
    }

    /// Moves a workflow; a move to FAILED says that the power went.
    pub(crate) async fn go(&self, workflow_id: &str, target: &str) -> Answer {
        self.post(&transitions(workflow_id), &go(target)).await
    }

    /// Signs a version of a workflow.
    pub(crate) async fn sign(&self, workflow_id: &str, meaning: &str, version: u64) -> Answer {
        let body = json!({"meaning": meaning, "version": version});
        self.post(&format!("/workflows/{workflow_id}/signatures"), &body).await
    }

    /// Creates a workflow and moves it along.
    pub(crate) async fn at(&self, workflow_id: &str, path: &[&str]) {
        self.create(workflow_id).await.expect(201);
        for target in path {
            self.go(workflow_id, target).await.expect(200);
        }
    }

    /// The workflow's state.
    pub(crate) async fn state(&self, workflow_id: &str) -> Value {
        self.get(&format!("/workflows/{workflow_id}")).await.expect(200)
    }

    /// The body of a release of all that is in force, as the workflow's recovery shows it.
    pub(crate) async fn release_of_all(&self, workflow_id: &str, reason: &str) -> Value {
        let shown = self.get(&format!("/workflows/{workflow_id}/recovery")).await.expect(200);
        let quarantines = shown["quarantines"].as_array().cloned().unwrap_or_default();
        let breaks: Vec<&Value> = quarantines.iter().map(|quarantine| &quarantine["break_id"]).collect();
        json!({"breaks": breaks, "reason": reason})
    }

    /// The whole history, refused attempts included, page by page.
    pub(crate) async fn history(&self, workflow_id: &str) -> Vec<Value> {
        self.pages(&format!("/workflows/{workflow_id}/history?include=refusals&limit=100")).await
    }

    /// All items of all pages.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let page = self.get(&next).await.expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
                None => return items,
            }
        }
    }

    /// Asks until the answer is what is awaited, or patience ends.
    pub(crate) async fn until(&self, path: &str, awaited: impl Fn(&Value) -> bool) -> Value {
        let ask = async {
            loop {
                let body = self.get(path).await.expect(200);
                if awaited(&body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ask).await.unwrap_or_else(|_| panic!("{path} never became what was awaited"))
    }
}

impl Answer {
    /// Sends a request.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// The problem of a refusal with this status and code, complete as every problem must be.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json", "{code}");
        assert_eq!(self.body["status"], json!(status));
        for member in ["type", "title", "detail", "request_id"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", self.body);
        }
        self.body
    }

    /// Checks that the gateway refused, in its own form.
    #[track_caller]
    pub(crate) fn refused_by_the_gateway(self, status: u16) {
        let message = alims_edge::openapi::gateway::message(status).unwrap();
        assert_eq!((self.status.as_u16(), &self.body), (status, &json!({ "message": message })));
        assert_eq!(self.header("content-type"), "application/json");
        assert!(!self.header("apigw-requestid").is_empty());
    }

    /// A header's text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The path of a workflow's transitions.
pub(crate) fn transitions(workflow_id: &str) -> String {
    format!("/workflows/{workflow_id}/transitions")
}

/// A request to move; a move to FAILED says that the power went.
pub(crate) fn go(target: &str) -> Value {
    let mut body = json!({"target_state": target, "reason": "as planned"});
    if target == "FAILED" {
        body["failure"] = json!({"code": "power-loss", "message": "The power went.", "retryable": true});
    }
    body
}
