//! A person with a token, calling the service over HTTP.

#![allow(clippy::indexing_slicing, reason = "what is indexed is JSON, which gives null where there is nothing")]

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for asynchronous effects: events, and the index after them.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look meanwhile.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A person with a token.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    base: String,
    token: String,
}

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, if the request was done.
    pub(crate) fn done(self) -> Result<Value> {
        if self.status.is_success() {
            Ok(self.body)
        } else {
            bail!("the service answered {} {}", self.status, self.body)
        }
    }

    /// The problem's code, if the request was refused with this status.
    pub(crate) fn refused(self, status: u16, code: &str) -> Result<Value> {
        ensure!(
            self.status == status && self.body["code"] == code,
            "expected a refusal {status} {code}, the service answered {} {}",
            self.status,
            self.body
        );
        Ok(self.body)
    }
}

impl Person {
    pub(crate) fn new(base: &str, token: String) -> Result<Self> {
        // Requests to this machine must not use a proxy.
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { client, base: base.to_owned(), token })
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Result<Answer> {
        let request = self.client.request(method.clone(), format!("{}{path}", self.base)).timeout(REQUEST_TIMEOUT);
        let mut request = request.bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON: {text}"))?;
        Ok(Answer { status, body })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(Method::POST, path, Some(body), None).await
    }

    /// The same request with an idempotency key: repeated, it has one effect.
    pub(crate) async fn once(&self, key: &str, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.send(method, path, Some(body), Some(key)).await
    }

    /// Creates a sample analysis.
    pub(crate) async fn create(&self, id: &str) -> Result<Answer> {
        let metadata = json!({ "sample_id": format!("S-{id}") });
        let body = json!({ "workflow_id": id, "workflow_type": "sample-analysis", "metadata": metadata });
        self.post("/workflows", &body).await
    }

    /// Moves a workflow; `more` is added to the request.
    pub(crate) async fn move_to(&self, id: &str, target: &str, reason: &str, more: Value) -> Result<Answer> {
        let mut body = json!({ "target_state": target, "reason": reason });
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        self.post(&format!("/workflows/{id}/transitions"), &body).await
    }

    /// Signs a version of a workflow.
    pub(crate) async fn sign(&self, id: &str, meaning: &str, version: u64) -> Result<Answer> {
        self.post(&format!("/workflows/{id}/signatures"), &json!({ "meaning": meaning, "version": version })).await
    }

    /// Amends a workflow.
    pub(crate) async fn amend(&self, id: &str, body: &Value) -> Result<Answer> {
        self.send(Method::PATCH, &format!("/workflows/{id}"), Some(body), None).await
    }

    /// Has a workflow recovered, and sees to it that the recovery ends so.
    pub(crate) async fn has_recovered(&self, id: &str, reason: &str, status: &str) -> Result<()> {
        let path = format!("/workflows/{id}/recovery");
        let started = self.post(&path, &json!({ "reason": reason })).await?;
        ensure!(started.status == 202, "the recovery was answered with {}", started.status);
        let recovery_id = started.done()?["recovery_id"].clone();
        let looking = async {
            loop {
                let report = self.get(&path).await?.done()?;
                if report["recovery_id"] == recovery_id && report["status"] != "running" {
                    return anyhow::Ok(report);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let looked = tokio::time::timeout(PATIENCE, looking).await;
        let report = looked.with_context(|| format!("the recovery of {id} does not end"))??;
        ensure!(report["status"] == status, "the recovery of {id} did not end as {status}: {report}");
        Ok(())
    }

    /// The state and version of a workflow, from the log.
    pub(crate) async fn stands_at(&self, id: &str) -> Result<(String, u64)> {
        let state = self.get(&format!("/workflows/{id}")).await?.done()?;
        let named = state["current_state"].as_str().context("no current_state")?;
        Ok((named.to_owned(), state["version"].as_u64().context("no version")?))
    }

    /// The state and published version of a workflow, from the list, if it is there.
    pub(crate) async fn listed_at(&self, id: &str) -> Result<Option<(String, u64)>> {
        let mut path = "/workflows?limit=100".to_owned();
        loop {
            let page = self.get(&path).await?.done()?;
            let items = page["items"].as_array().context("no items")?;
            if let Some(found) = items.iter().find(|item| item["workflow_id"] == id) {
                let state = found["current_state"].as_str().context("no current_state")?;
                return Ok(Some((state.to_owned(), found["published_version"].as_u64().context("no version")?)));
            }
            let Some(cursor) = page["next_cursor"].as_str() else { return Ok(None) };
            path = format!("/workflows?limit=100&cursor={cursor}");
        }
    }

    /// Waits until the list has a workflow where the log has it.
    pub(crate) async fn until_listed_at(&self, id: &str, state: &str, version: u64) -> Result<()> {
        let agreeing = Some((state.to_owned(), version));
        let looking = async {
            while self.listed_at(id).await? != agreeing {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(())
        };
        let looked = tokio::time::timeout(PATIENCE, looking).await;
        looked.with_context(|| format!("the list does not come to have {id} in {state} at version {version}"))?
    }

    /// The first `count` events of a workflow on the bus, from the beginning on: the types and versions. An event
    /// may come again, as every listener must expect; only its first appearance counts.
    pub(crate) async fn events(&self, id: &str, count: usize) -> Result<Vec<(String, u64)>> {
        let url = format!("{}/events?after=0&workflow_id={id}", self.base);
        let mut answer = self.client.get(url).bearer_auth(&self.token).send().await?.error_for_status()?;
        let mut events: Vec<(String, u64)> = Vec::new();
        let mut text = String::new();
        let reading = async {
            while events.len() < count {
                let chunk = answer.chunk().await?.context("the stream of events ended")?;
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some((line, rest)) = text.split_once('\n') {
                    if let Some(data) = line.strip_prefix("data:") {
                        let event: Value = serde_json::from_str(data)?;
                        let version = event["detail"]["version"].as_u64().unwrap_or_default();
                        let event = (event["detail-type"].as_str().unwrap_or_default().to_owned(), version);
                        if !events.contains(&event) {
                            events.push(event);
                        }
                    }
                    text = rest.to_owned();
                }
            }
            anyhow::Ok(())
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.with_context(|| format!("{count} events of {id} do not come"))??;
        Ok(events)
    }
}
