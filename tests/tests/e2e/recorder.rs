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

/// A request about a workflow is about to be sent. Gives the name it is to bear: what comes of it keeps that name.
pub(crate) fn asked(
    asker: &Asker,
    method: &Method,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> Option<String> {
    RECORDING.as_ref()?;
    let path = path.split('?').next().unwrap();
    let named = body.and_then(|body| body["workflow_id"].as_str());
    let workflow = path.split('/').nth(2).or(named)?;
    let call = format!("{}-{}", std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed));
    write(&json!({
        "what": "asked", "call": call, "tenant": asker.tenant, "subject": asker.subject, "workflow": workflow,
        "route": format!("{method} {path}"), "key": key, "body": body,
    }));
    Some(call)
}

/// What was asked by this name was answered.
pub(crate) fn answered(call: &str, status: u16, body: &Value) {
    write(&json!({"what": "answered", "call": call, "status": status, "body": body}));
}

/// The subscriber received an event. What the smoke test asks for is not written down, so its events tell nothing.
pub(crate) fn received(event: &Value) {
    if event["detail"]["workflow_id"].as_str().is_some_and(|id| id.starts_with("smoke-")) {
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
