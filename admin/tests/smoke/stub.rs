//! A deployed service that the tests play: its API, and what the AWS CLI says of its account. Each of its parts can be
//! broken.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const BUS: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/alims-events";
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:alarms";
const MACHINE: &str = "arn:aws:states:eu-central-1:111122223333:stateMachine:recovery";
const QUARANTINED: &str = "https://sqs.example/quarantined";
const FAILED: &str = "https://sqs.example/failed";
/// Sent on by a fake `aws` that is nothing but bash: what it is called with goes out, exit code and output come back.
const AWS: &str = r#"#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/PORT
printf '%s\0' "$@" >&3
printf '\n\0' >&3
read -r code <&3
while IFS= read -r line <&3; do printf '%s\n' "$line"; done
if [ "$code" -ne 0 ]; then printf '%s\n' "$code: AccessDenied or NonExistentQueue" >&2; fi
exit "$code"
"#;

/// Everything that there is in the account.
#[derive(Default)]
pub(crate) struct Account {
    /// What is broken.
    broken: &'static str,
    /// Each call of the AWS CLI.
    pub(crate) calls: Vec<Vec<String>>,
    /// By URL: the messages, each with its receipt.
    pub(crate) queues: BTreeMap<String, Vec<(String, String)>>,
    /// The test's rules, with their targets' queues.
    pub(crate) rules: BTreeMap<String, Option<String>>,
    /// The queues that the topic tells.
    pub(crate) subscriptions: Vec<String>,
    pub(crate) alarm_state: String,
    /// The state of the one workflow, its version and refusals.
    workflow: Option<(String, u32)>,
    refusals: u32,
    recovery: Value,
    /// Events that were put on the bus from outside.
    pub(crate) put: Vec<Value>,
}

/// The stub, and a folder with its `aws`.
pub(crate) struct Stub {
    pub(crate) account: Arc<Mutex<Account>>,
    pub(crate) folder: TempDir,
    pub(crate) api: String,
}

impl Stub {
    /// Starts it with one part broken.
    pub(crate) async fn with(broken: &'static str) -> Self {
        let others = || ("other".to_owned(), json!({"detail": {"workflow_id": "other", "name": "other"}}).to_string());
        let queues = [QUARANTINED, FAILED].map(|url| (url.to_owned(), vec![others()]));
        let alarm_state = if broken == "the alarm is on already" { "ALARM" } else { "OK" }.to_owned();
        let account = Account { broken, queues: queues.into(), alarm_state, ..Account::default() };
        let account = Arc::new(Mutex::new(account));

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let aws = folder.path().join("aws");
        std::fs::write(&aws, AWS.replace("PORT", &listener.local_addr().unwrap().port().to_string())).unwrap();
        std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
        let shared = Arc::clone(&account);
        std::thread::spawn(move || listener.incoming().for_each(|stream| answer(&shared, stream.unwrap())));

        let shared = Arc::clone(&account);
        let app = axum::Router::new().fallback(move |request: Request| asked(Arc::clone(&shared), request));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, app).await });
        Self { account, folder, api }
    }
}

fn answer(account: &Mutex<Account>, mut stream: TcpStream) {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\0\n\0") && stream.read(&mut one).unwrap() == 1 {
        bytes.push(one[0]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let arguments: Vec<String> = text.trim_end_matches("\n\0").split_terminator('\0').map(str::to_owned).collect();
    let answer = account.lock().unwrap().aws(&arguments);
    let said = match answer {
        None => "254\n".to_owned(),
        Some(Value::Null) => "0\n".to_owned(),
        Some(value) => format!("0\n{value}\n"),
    };
    stream.write_all(said.as_bytes()).unwrap();
}

impl Account {
    /// Whether a workflow failed and nothing brought it back.
    pub(crate) fn has_failed(&self) -> bool {
        self.workflow.as_ref().is_some_and(|(state, _)| state == "FAILED")
    }

    /// What the AWS CLI prints, or that it fails.
    fn aws(&mut self, arguments: &[String]) -> Option<Value> {
        self.calls.push(arguments.to_vec());
        let given = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name);
            at.map(|at| arguments[at + 1].clone()).unwrap_or_else(|| panic!("{arguments:?}: no {name}"))
        };
        let command = arguments[..2].join(" ");
        if self.broken == command {
            return None;
        }
        match command.as_str() {
            "cloudformation describe-stacks" => return Some(self.stack()),
            "cloudformation list-stack-resources" => {
                let alarm = json!({"ResourceType": "AWS::CloudWatch::Alarm", "PhysicalResourceId": "alarm-1"});
                let others = json!({"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": QUARANTINED});
                return Some(json!({"StackResourceSummaries": [others, alarm]}));
            }
            "cloudwatch describe-alarms" => {
                let topic = if self.broken == "no alarm tells the topic" { "elsewhere" } else { TOPIC };
                let alarm = json!({"AlarmName": "alarm-1", "AlarmActions": [topic], "StateValue": self.alarm_state});
                return Some(json!({"MetricAlarms": [alarm]}));
            }
            "cloudwatch set-alarm-state" => self.set_alarm(&given("--state-value"), &given("--state-reason")),
            "sns subscribe" => self.subscriptions.push(given("--notification-endpoint")),
            "sns list-subscriptions-by-topic" => {
                let all = self.subscriptions.iter().map(|queue| json!({"Endpoint": queue, "SubscriptionArn": queue}));
                return Some(json!({"Subscriptions": all.collect::<Vec<_>>()}));
            }
            "sns unsubscribe" => self.subscriptions.retain(|queue| *queue != given("--subscription-arn")),
            "events put-rule" => {
                self.rules.insert(given("--name"), None);
                return Some(json!({"RuleArn": format!("{BUS}/rule")}));
            }
            "events put-targets" => {
                let targets: Value = serde_json::from_str(&given("--targets")).unwrap();
                self.rules.insert(given("--rule"), targets[0]["Arn"].as_str().map(str::to_owned));
                return Some(json!({"FailedEntryCount": 0}));
            }
            "events remove-targets" => {}
            "events delete-rule" => drop(self.rules.remove(&given("--name"))),
            "events put-events" => return Some(self.put_events(&given("--entries"))),
            "sqs create-queue" => {
                let url = url(&given("--queue-name"));
                self.queues.insert(url.clone(), Vec::new());
                return Some(json!({"QueueUrl": url}));
            }
            "sqs get-queue-url" => {
                let url = url(&given("--queue-name"));
                return self.queues.contains_key(&url).then(|| json!({"QueueUrl": url}));
            }
            "sqs receive-message" => {
                let found = self.queues.get(&given("--queue-url"))?;
                let shown = found.iter().map(|(receipt, body)| json!({"ReceiptHandle": receipt, "Body": body}));
                return Some(json!({"Messages": shown.collect::<Vec<_>>()}));
            }
            "sqs delete-message" => {
                let receipt = given("--receipt-handle");
                self.queues.get_mut(&given("--queue-url"))?.retain(|(known, _)| *known != receipt);
            }
            "sqs delete-queue" => drop(self.queues.remove(&given("--queue-url"))?),
            "stepfunctions start-execution" => {
                let event = json!({"detail": {"name": given("--name"), "status": "FAILED"}});
                if self.broken != "no failed recovery reaches its queue" {
                    self.deliver(FAILED, &event);
                }
                return Some(json!({"executionArn": "arn"}));
            }
            other => panic!("the smoke test never asks for {other}"),
        }
        Some(Value::Null)
    }

    fn stack(&self) -> Value {
        let mut outputs = vec![
            json!({"OutputKey": "EventBusArn", "OutputValue": BUS}),
            json!({"OutputKey": "RecoveryMachineArn", "OutputValue": MACHINE}),
            json!({"OutputKey": "QuarantinedWorkflowsQueueUrl", "OutputValue": QUARANTINED}),
            json!({"OutputKey": "FailedRecoveriesQueueUrl", "OutputValue": FAILED}),
        ];
        if self.broken != "there is no topic" {
            outputs.push(json!({"OutputKey": "AlarmTopicArn", "OutputValue": TOPIC}));
        }
        let issuer = json!({"ParameterKey": "JwtIssuer", "ParameterValue": "https://lab.example"});
        let status = if self.broken == "the stack is being changed" { "UPDATE_IN_PROGRESS" } else { "CREATE_COMPLETE" };
        json!({"Stacks": [{"StackStatus": status, "Outputs": outputs, "Parameters": [issuer]}]})
    }

    fn set_alarm(&mut self, state: &str, reason: &str) {
        let changes = self.alarm_state != state;
        self.alarm_state = state.to_owned();
        if changes && state == "ALARM" && self.broken != "the alarm is not sent" {
            let message = json!({"TopicArn": TOPIC, "Message": json!({"NewStateReason": reason}).to_string()});
            for queue in self.subscriptions.clone() {
                let (_, name) = queue.rsplit_once(':').unwrap();
                self.deliver(&url(name), &message);
            }
        }
    }

    fn put_events(&mut self, entries: &str) -> Value {
        let entries: Vec<Value> = serde_json::from_str(entries).unwrap();
        for entry in entries {
            let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            let event = json!({"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail});
            self.publish(&event);
            if entry["DetailType"] == "WorkflowQuarantined" && self.broken != "no quarantine reaches its queue" {
                self.deliver(QUARANTINED, &event);
            }
            self.put.push(event);
        }
        json!({"FailedEntryCount": u32::from(self.broken == "the bus refuses")})
    }

    /// Delivers to the rules of the test.
    fn publish(&mut self, event: &Value) {
        if self.broken == "no rule works" {
            return;
        }
        for queue in self.rules.values().flatten().cloned().collect::<Vec<_>>() {
            let (_, name) = queue.rsplit_once(':').unwrap();
            self.deliver(&url(name), event);
        }
    }

    fn deliver(&mut self, queue: &str, event: &Value) {
        if let Some(messages) = self.queues.get_mut(queue) {
            messages.push((format!("receipt-{}", self.calls.len()), event.to_string()));
        }
    }

    /// The API.
    fn api(&mut self, authorised: Option<&str>, path: &str, body: &Value) -> (u16, Value) {
        let refused = |status: u16, code: &str| (status, json!({"code": code, "detail": "no"}));
        let valid = authorised.is_some_and(|token| !token.ends_with("AAAA"));
        if (!valid && self.broken != "the API lets strangers in") || self.broken == "the token is not accepted" {
            return (401, json!({"message": "Unauthorized"}));
        }
        if authorised.is_some_and(|token| token.ends_with("scopeless")) && self.broken != "no scope is required" {
            return (403, json!({"message": "Forbidden"}));
        }
        let (route, id) = route(path);
        let (state, version) = self.workflow.clone().unwrap_or_default();
        match route {
            "GET /workflows" => (200, json!({"items": []})),
            "GET /sweep" if self.broken == "the sweep cannot be read" => refused(500, "internal"),
            "GET /counts" | "GET /activity" | "GET /rulesets" | "GET /me" | "GET /sweep" => (200, json!({})),
            "POST /workflows" if self.broken == "no workflow is created" => refused(422, "rule-violation"),
            "POST /workflows" => {
                self.advance(body["workflow_id"].as_str().unwrap(), "CREATED");
                (201, json!({}))
            }
            "GET /workflows/id" if self.workflow.is_none() => refused(404, "workflow-not-found"),
            "GET /workflows/id" => (200, json!({"current_state": state, "version": version})),
            "POST transitions" => self.transition(id, body),
            "GET history" => {
                let kept = if self.broken == "the refusal is not kept" { 0 } else { self.refusals };
                let refusal = json!({"event_type": "WorkflowTransitionRefused", "code": "invalid-transition",
                    "requested_by": "alice"});
                (200, json!({"items": vec![refusal; kept as usize]}))
            }
            "GET verification" => (200, json!({"valid": self.broken != "the chain is broken"})),
            "GET recovery" => (200, self.recovery.clone()),
            "POST recovery" => {
                let hangs = self.broken == "a requested recovery hangs";
                let status = if hangs { "running" } else { "already-consistent" };
                self.recovery = json!({"status": status, "recovery_id": "2"});
                (202, json!({"recovery_id": "2"}))
            }
            other => panic!("the smoke test never asks for {other}"),
        }
    }

    fn transition(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let target = body["target_state"].as_str().unwrap();
        if self.broken.strip_prefix("there is no way to ") == Some(target) {
            return (422, json!({"code": "rule-violation", "detail": "no"}));
        }
        if target == "CREATED" && self.broken != "every transition is possible" {
            self.refusals += 1;
            return (409, json!({"code": "invalid-transition", "allowed_transitions": []}));
        }
        self.advance(id, target);
        if target == "FAILED" {
            let status = match self.broken {
                "no recovery starts" => "none",
                "the recovery gives up" => "gave-up",
                _ => "recovered",
            };
            self.recovery = json!({"status": status, "recovery_id": "1"});
            if status == "recovered" {
                self.advance(id, "ACTIVE");
            }
        }
        (200, json!({}))
    }

    fn advance(&mut self, id: &str, state: &str) {
        let version = self.workflow.as_ref().map_or(0, |(_, version)| *version) + 1;
        self.workflow = Some((state.to_owned(), version));
        if self.broken != "nothing is published" {
            let detail = json!({"workflow_id": id, "version": version, "hash": "0"});
            self.publish(&json!({"source": "alims.workflow-manager", "detail": detail}));
        }
    }
}

fn url(queue: &str) -> String {
    format!("https://sqs.example/{queue}")
}

/// What is asked for, and the workflow's id.
fn route(path: &str) -> (&'static str, &str) {
    let (method, path) = path.split_once(' ').unwrap();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let route = match (method, parts.as_slice()) {
        ("GET", ["workflows"]) => "GET /workflows",
        ("POST", ["workflows"]) => "POST /workflows",
        ("GET", ["workflows", _]) => "GET /workflows/id",
        ("POST", ["workflows", _, "transitions"]) => "POST transitions",
        ("GET", ["workflows", _, "history"]) => "GET history",
        ("GET", ["workflows", _, "history", "verification"]) => "GET verification",
        ("GET", ["workflows", _, "recovery"]) => "GET recovery",
        ("POST", ["workflows", _, "recovery"]) => "POST recovery",
        ("GET", ["counts"]) => "GET /counts",
        ("GET", ["activity"]) => "GET /activity",
        ("GET", ["rulesets"]) => "GET /rulesets",
        ("GET", ["me"]) => "GET /me",
        ("GET", ["sweep"]) => "GET /sweep",
        other => panic!("the smoke test never asks for {other:?}"),
    };
    (route, parts.get(1).copied().unwrap_or_default())
}

async fn asked(account: Arc<Mutex<Account>>, request: Request) -> Response {
    let path = format!("{} {}", request.method(), request.uri().path());
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: Bytes = to_bytes(request.into_body(), 100_000).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, answer) = account.lock().unwrap().api(token.as_deref(), &path, &body);
    (StatusCode::from_u16(status).unwrap(), answer.to_string()).into_response()
}
