//! Writes down what is seen of the service from outside, for the specification to judge: `proof/src/outside` reads it.
//!
//! The lines are in the order of the time, over all threads and processes: what is asked is written before it is sent,
//! an answer and an event after they came, each with one write at the file's end.

use reqwest::Method;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the recording is; nowhere when nobody wants one.
static PATH: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("ALIMS_E2E_SEEN").map(PathBuf::from));
static RECORDING: LazyLock<Option<File>> =
    LazyLock::new(|| PATH.as_ref().map(|path| File::options().create(true).append(true).open(path).unwrap()));
static CALLS: AtomicU64 = AtomicU64::new(1);

/// Who asks, as the token says.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) tenant: String,
    pub(crate) subject: String,
}

fn write(line: &Value) {
    if let Some(mut file) = RECORDING.as_ref() {
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// What a request is called in the recording: each of its transitions has a line of its own.
pub(crate) struct Call {
    /// What comes of the request keeps this name.
    pub(crate) name: String,
    /// How many transitions a batch has; none for a request about one workflow.
    batch: Option<usize>,
}

impl Call {
    fn of_item(&self, place: usize) -> String {
        format!("{}.{place}", self.name)
    }
}

/// The route of a batch, which names its workflows in the body.
const BATCH: &str = "/transitions";

/// A request about a workflow, or a batch of them, is about to be sent.
pub(crate) fn asked(
    asker: &Asker,
    method: &Method,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> Option<Call> {
    RECORDING.as_ref()?;
    let path = path.split('?').next().unwrap();
    let name = format!("{}-{}", std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed));
    let line = |call: &str, workflow: &str, key: Option<String>, body: Option<&Value>| {
        write(&json!({
            "what": "asked", "call": call, "correlation": name, "tenant": asker.tenant, "subject": asker.subject,
            "workflow": workflow, "route": format!("{method} {path}"), "key": key, "body": body,
        }));
    };
    if path == BATCH {
        let items = body.and_then(|body| body["transitions"].as_array())?;
        let call = Call { name: name.clone(), batch: Some(items.len()) };
        // The service remembers the key of a batch apart from the keys of single transitions.
        let key = key.map(|key| format!("batch {key}"));
        for (place, item) in items.iter().enumerate() {
            line(&call.of_item(place), item["workflow_id"].as_str()?, key.clone(), Some(item));
        }
        return Some(call);
    }
    // An export or a review moves no workflow.
    if !path.starts_with("/workflows") {
        return None;
    }
    let named = body.and_then(|body| body["workflow_id"].as_str());
    let workflow = path.split('/').nth(2).or(named)?;
    line(&name, workflow, key.map(str::to_owned), body);
    Some(Call { name: name.clone(), batch: None })
}

/// What was asked was answered.
pub(crate) fn answered(call: &Call, status: u16, body: &Value) {
    let line = |call: &str, status: u16, body: &Value| {
        write(&json!({"what": "answered", "call": call, "status": status, "body": body}));
    };
    let Some(items) = call.batch else { return line(&call.name, status, body) };
    for place in 0..items {
        let result = &body["results"][place];
        match (result["status"].as_u64(), result["problem"].is_object()) {
            (Some(own), true) => line(&call.of_item(place), u16::try_from(own).unwrap(), &result["problem"]),
            (Some(own), false) => {
                let moved = json!({"event": {
                    "version": result["workflow"]["version"], "event_id": result["event_id"],
                }});
                line(&call.of_item(place), u16::try_from(own).unwrap(), &moved);
            }
            // The request as a whole got another answer.
            (None, _) => line(&call.of_item(place), status, body),
        }
    }
}

/// How the workflows of the smoke test begin: no request for them is written down.
const UNRECORDED: &str = "smoke-";

/// The subscriber received an event. Without the requests it would tell nothing.
pub(crate) fn received(event: &Value) {
    let workflow = event["detail"]["workflow_id"].as_str().unwrap_or_default();
    if workflow.starts_with(UNRECORDED) {
        return;
    }
    let archived = event["replay-name"].is_string();
    write(&json!({"what": "received", "detail": event["detail"], "archived": archived}));
}

/// A workflow's history after all that happened to it.
pub(crate) fn history(tenant: &str, workflow: &str, items: &[Value]) {
    write(&json!({"what": "history", "tenant": tenant, "workflow": workflow, "items": items}));
}

/// What was written so far, by every process.
pub(crate) fn so_far() -> Vec<Value> {
    let text = PATH.as_ref().map(|path| fs::read_to_string(path).unwrap()).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
