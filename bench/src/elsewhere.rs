//! What a judged transition costs when the rules are judged elsewhere: over the contract, by the reference engine on the
//! same machine, beside the same rules in process.

use anyhow::Result;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};

use crate::server::{Person, Server, rules_engine};
use crate::statistics::Times;

/// Times of single moves, one after another.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    embedded: Times,
    remote: Times,
    remote_to_embedded: f64,
}

/// Measures `count` moves of each kind in turn, so that a slow moment of the machine meets both.
pub(crate) async fn measure(count: usize) -> Result<Figures> {
    let (mut engine, url) = rules_engine().await?;
    let (near, far) = (Server::start().await?, Server::with(&["--rules-engine".as_ref(), url.as_ref()]).await?);
    let (mut embedded, mut remote) = (Vec::new(), Vec::new());
    let people = (near.person("bench", &["supervisor"]).await?, far.person("bench", &["supervisor"]).await?);
    let new = json!({"workflow_type": "test-run", "workflow_id": "judged", "metadata": {"plate": "P-1"}});
    let begin = json!({"target_state": "ACTIVE", "reason": "measuring"});
    for person in [&people.0, &people.1] {
        person.expect(Method::POST, "/workflows", Some(&new)).await?;
        moved(person, &begin).await?;
    }
    // This one is what a rule of the shipped ruleset looks at. It is not to be tried again: where failures that are
    // retryable are recovered by themselves, the recovery would be quicker than the next move.
    let failure = json!({"code": "other", "message": "measuring", "retryable": false});
    let fail = json!({"target_state": "FAILED", "reason": "measuring", "failure": failure});
    for _ in 0..count {
        embedded.push(moved(&people.0, &fail).await?);
        remote.push(moved(&people.1, &fail).await?);
        moved(&people.0, &begin).await?;
        moved(&people.1, &begin).await?;
    }
    near.stop().await?;
    far.stop().await?;
    engine.kill().await?;
    let (embedded, remote) = (Times::of(embedded), Times::of(remote));
    Ok(Figures { embedded, remote, remote_to_embedded: remote.p50_ms / embedded.p50_ms })
}

async fn moved(person: &Person, transition: &Value) -> Result<Duration> {
    let begun = Instant::now();
    person.expect(Method::POST, "/workflows/judged/transitions", Some(transition)).await?;
    Ok(begun.elapsed())
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "One transition at a time, judged by the shipped rules")?;
        writeln!(f, "  in process                 {}", self.embedded)?;
        writeln!(f, "  by the reference engine    {}", self.remote)?;
        writeln!(f, "  elsewhere on this machine it costs {:.2} times as much (p50)", self.remote_to_embedded)
    }
}
