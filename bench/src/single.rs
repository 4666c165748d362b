//! What one request costs when nothing else happens, beside a request that does nothing.

use anyhow::Result;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::time::Instant;

use crate::server::{Person, Server};
use crate::statistics::Times;

/// Times of single requests, one after another.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    nothing: Times,
    get_workflow_state: Times,
    request_state_transition: Times,
    request_state_transition_to_get_workflow_state: f64,
}

/// Measures `count` requests of each kind in turn, so that a slow moment of the machine meets all kinds.
pub(crate) async fn measure(server: &Server, count: usize) -> Result<Figures> {
    let person = server.person("bench", &["supervisor"]).await?;
    let new = json!({"workflow_type": "free-form", "workflow_id": "single"});
    person.expect(Method::POST, "/workflows", Some(&new)).await?;
    let (mut nothing, mut reads, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..count {
        let target = if round % 2 == 0 { "ACTIVE" } else { "PAUSED" };
        let transition = json!({"target_state": target, "reason": "measuring"});
        nothing.push(timed(&person, Method::GET, "/health", None).await?);
        reads.push(timed(&person, Method::GET, "/workflows/single", None).await?);
        moves.push(timed(&person, Method::POST, "/workflows/single/transitions", Some(&transition)).await?);
    }
    let (nothing, reads, moves) = (Times::of(nothing), Times::of(reads), Times::of(moves));
    Ok(Figures {
        nothing,
        get_workflow_state: reads,
        request_state_transition: moves,
        request_state_transition_to_get_workflow_state: moves.p50_ms / reads.p50_ms,
    })
}

async fn timed(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&serde_json::Value>,
) -> Result<std::time::Duration> {
    let begun = Instant::now();
    person.expect(method, path, body).await?;
    Ok(begun.elapsed())
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "One request at a time")?;
        writeln!(f, "  nothing (GET /health)      {}", self.nothing)?;
        writeln!(f, "  get-workflow-state         {}", self.get_workflow_state)?;
        writeln!(f, "  request-state-transition   {}", self.request_state_transition)?;
        let ratio = self.request_state_transition_to_get_workflow_state;
        writeln!(f, "  a transition costs {ratio:.1} times a read (p50)")
    }
}
