//! How long failed workflows take to be back at work while the rules engine is down at first.

use anyhow::{Result, ensure};
use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::server::{Person, Server};
use crate::statistics::Times;

/// Requests that are under way at once.
const CLIENTS: usize = 16;
/// How often a recovery is looked at. It is timed by the service's own record, not by when it was looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What became of the recoveries.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    outage_seconds: u64,
    /// How many ended in which way.
    outcomes: BTreeMap<String, usize>,
    /// From the claim to the recorded outcome, by the server's clock.
    recovery: Times,
}

/// Has failed workflows recovered, all at once, while the rules give no verdict for the first seconds.
pub(crate) async fn measure(workflows: usize, outage_seconds: u64) -> Result<Figures> {
    let switch = tempfile::tempdir()?;
    let rules_down = switch.path().join("rules-are-down");
    let server = Server::start_with_switch(&rules_down).await?;
    let person = server.person("bench", &["analyst", "supervisor"]).await?;
    each(workflows, |number| failed(&person, number)).await?;
    std::fs::write(&rules_down, "down")?;
    let ended = each(workflows, |number| recovered(&person, number));
    let (ended, ()) = tokio::try_join!(ended, up_after(&rules_down, outage_seconds))?;
    server.stop().await?;
    let mut outcomes = BTreeMap::new();
    for (status, _) in &ended {
        *outcomes.entry(status.clone()).or_default() += 1;
    }
    let recovery = Times::of(ended.into_iter().map(|(_, took)| took).collect());
    Ok(Figures { outage_seconds, outcomes, recovery })
}

async fn each<T, F: Future<Output = Result<T>>>(workflows: usize, work: impl Fn(usize) -> F) -> Result<Vec<T>> {
    let done: Vec<Result<T>> =
        stream::iter((0..workflows).map(work)).buffer_unordered(workflows.max(1)).collect().await;
    done.into_iter().collect()
}

async fn up_after(rules_down: &Path, outage_seconds: u64) -> Result<()> {
    // The outage is what is measured: the rules are down for just this long.
    tokio::time::sleep(Duration::from_secs(outage_seconds)).await;
    Ok(std::fs::remove_file(rules_down)?)
}

/// A workflow that failed, and that only a request recovers.
async fn failed(person: &Person, number: usize) -> Result<()> {
    let _client = CLIENT.acquire().await?;
    let new = json!({"workflow_type": "free-form", "workflow_id": format!("w-{number}")});
    person.expect(Method::POST, "/workflows", Some(&new)).await?;
    let failure = json!({"code": "power-loss", "message": "The power went.", "retryable": false});
    for (target, failure) in [("ACTIVE", Value::Null), ("FAILED", failure)] {
        let mut body = json!({"target_state": target, "reason": "measuring"});
        if !failure.is_null() {
            body["failure"] = failure;
        }
        person.expect(Method::POST, &format!("/workflows/w-{number}/transitions"), Some(&body)).await?;
    }
    Ok(())
}

/// How a recovery ended, and how long it took from its claim.
async fn recovered(person: &Person, number: usize) -> Result<(String, Duration)> {
    let path = format!("/workflows/w-{number}/recovery");
    {
        let _client = CLIENT.acquire().await?;
        person.expect(Method::POST, &path, Some(&json!({"reason": "measuring"}))).await?;
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let report = {
            let _client = CLIENT.acquire().await?;
            person.expect(Method::GET, &path, None).await?
        };
        let status = report["status"].as_str().unwrap_or_default().to_owned();
        if status != "running" {
            let [begun, ended] = ["requested_at", "ended_at"].map(|name| millis(&report[name]));
            ensure!(ended >= begun && begun > 0, "no times: {report}");
            return Ok((status, Duration::from_millis(ended - begun)));
        }
    }
}

/// One of the clients: no more requests than there are of them are under way.
static CLIENT: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(CLIENTS);

/// An instant of the service in milliseconds; 0 when it is none.
fn millis(instant: &Value) -> u64 {
    let instant = instant.as_str().and_then(|text| text.parse::<alims_domain::timestamp::Timestamp>().ok());
    instant.and_then(|at| u64::try_from(at.unix_millis()).ok()).unwrap_or_default()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Recovery, with the rules engine down for the first {} s", self.outage_seconds)?;
        writeln!(f, "  claimed until recorded     {}", self.recovery)?;
        let outcomes: Vec<String> = self.outcomes.iter().map(|(status, count)| format!("{count} {status}")).collect();
        writeln!(f, "  outcomes                   {}", outcomes.join(", "))
    }
}
