//! Many workflows worked on at once: every request must succeed or lose an honest race, every history must be whole,
//! and in the end the list must agree with the log.

use anyhow::{Result, bail, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::server::{Person, Server};
use crate::statistics::Times;

/// The moves each workflow makes.
const MOVES: [&str; 3] = ["ACTIVE", "PAUSED", "ACTIVE"];
/// Of so many workflows one has a rival, who asks for every move at the same time: exactly one of the two may win.
const RIVAL_EVERY: usize = 10;
/// How long the list may take to follow the log at the end before the run is called failed.
const LIST_DELAY_MAX: Duration = Duration::from_secs(60);

/// What the load measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    workflows: usize,
    clients: usize,
    seconds: f64,
    writes_per_second: f64,
    creations: Times,
    transitions: Times,
    conflicts: u64,
    list_agreed_after_ms: f64,
    peak_memory_mib: u64,
}

/// Works on `workflows` workflows with `clients` clients and checks every one of them afterwards.
pub(crate) async fn measure(server: &Server, workflows: usize, clients: usize) -> Result<Figures> {
    let person = server.person("bench", &["supervisor", "auditor"]).await?;
    let begun = Instant::now();
    let created = all(workflows, clients, |number| create(&person, number)).await?;
    let worked = all(workflows, clients, |number| work_on(&person, number)).await?;
    let elapsed = begun.elapsed();
    let agreed = Instant::now();
    list_agrees(&person, workflows).await?;
    let agreed = agreed.elapsed();
    all(workflows, clients, |number| check(&person, number)).await?;
    let writes: u32 = u32::try_from(workflows * (1 + MOVES.len()))?;
    Ok(Figures {
        workflows,
        clients,
        seconds: elapsed.as_secs_f64(),
        writes_per_second: f64::from(writes) / elapsed.as_secs_f64(),
        creations: Times::of(created),
        transitions: Times::of(worked.iter().flat_map(|worked| worked.times.clone()).collect()),
        conflicts: worked.iter().map(|worked| worked.conflicts).sum(),
        list_agreed_after_ms: agreed.as_secs_f64() * 1000.0,
        peak_memory_mib: server.peak_memory_mib()?,
    })
}

async fn all<T, F: Future<Output = Result<T>>>(
    workflows: usize,
    clients: usize,
    work: impl Fn(usize) -> F,
) -> Result<Vec<T>> {
    stream::iter(0..workflows).map(work).buffer_unordered(clients).try_collect().await
}

fn id(number: usize) -> String {
    format!("load-{number:05}")
}

async fn create(person: &Person, number: usize) -> Result<Duration> {
    let new = json!({
        "workflow_type": "free-form",
        "workflow_id": id(number),
        "metadata": {"sample_id": format!("S-{number}"), "priority": number % 5},
    });
    let begun = Instant::now();
    person.expect(Method::POST, "/workflows", Some(&new)).await?;
    Ok(begun.elapsed())
}

/// What working on one workflow took, and how many of its rival's requests lost an honest race.
struct Worked {
    times: Vec<Duration>,
    conflicts: u64,
}

async fn work_on(person: &Person, number: usize) -> Result<Worked> {
    let path = format!("/workflows/{}/transitions", id(number));
    let mut worked = Worked { times: Vec::new(), conflicts: 0 };
    for (target, version) in MOVES.into_iter().zip(1..) {
        let transition = json!({"target_state": target, "reason": "measuring under load", "expected_version": version});
        let begun = Instant::now();
        if number.is_multiple_of(RIVAL_EVERY) {
            let (one, other) = tokio::try_join!(
                person.send(Method::POST, &path, Some(&transition)),
                person.send(Method::POST, &path, Some(&transition)),
            )?;
            let statuses = [one.status().as_u16(), other.status().as_u16()];
            ensure!(statuses == [200, 409] || statuses == [409, 200], "{}: a race ended {statuses:?}", id(number));
            worked.conflicts += 1;
        } else {
            person.expect(Method::POST, &path, Some(&transition)).await?;
            worked.times.push(begun.elapsed());
        }
    }
    Ok(worked)
}

/// A history is whole when its chain holds and it has every version that was acknowledged.
async fn check(person: &Person, number: usize) -> Result<()> {
    let path = format!("/workflows/{}/history/verification", id(number));
    let verification = person.expect(Method::GET, &path, None).await?;
    let expected = json!(1 + MOVES.len());
    ensure!(
        verification["valid"] == json!(true) && verification["versions_checked"] == expected,
        "{}: {verification}",
        id(number)
    );
    Ok(())
}

async fn list_agrees(person: &Person, workflows: usize) -> Result<()> {
    let begun = Instant::now();
    loop {
        let listed = list(person).await?;
        let behind = listed.values().filter(|version| **version != json!(1 + MOVES.len())).count();
        if behind == 0 && listed.len() == workflows {
            return Ok(());
        }
        if begun.elapsed() > LIST_DELAY_MAX {
            bail!("the list has {} of {workflows} workflows, {behind} of them behind the log", listed.len());
        }
        // Looks again until the list agrees; `LIST_DELAY_MAX` bounds it.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn list(person: &Person) -> Result<BTreeMap<String, Value>> {
    let mut listed = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = person.expect(Method::GET, &format!("/workflows?limit=100{cursor}"), None).await?;
        for item in page["items"].as_array().into_iter().flatten() {
            listed.insert(item["workflow_id"].to_string(), item["published_version"].clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(listed),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workflows, clients, seconds, writes_per_second, .. } = self;
        writeln!(f, "{workflows} workflows worked on at once by {clients} clients")?;
        writeln!(f, "  {writes_per_second:.0} accepted writes a second, {seconds:.1} s in all")?;
        writeln!(f, "  create-workflow            {}", self.creations)?;
        writeln!(f, "  request-state-transition   {}", self.transitions)?;
        writeln!(f, "  honest conflicts           {:>6}", self.conflicts)?;
        writeln!(f, "  the list agreed with the log {:.0} ms after the last answer", self.list_agreed_after_ms)?;
        writeln!(f, "  peak memory of the server    {} MiB", self.peak_memory_mib)
    }
}
