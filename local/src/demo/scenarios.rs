//! The five scenarios. Each describes its steps, checks the results, and reports where they differ.

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::demo::stage::{Events, Stage};
use crate::demo::teller::Teller;
use crate::person::Person;

/// How many ask for the same move at the same time.
const RIVALS: usize = 16;

/// The persons of the scenarios.
struct Cast {
    /// Works on samples, and has a supervisor's permissions.
    alice: Person,
    /// Supervises.
    bob: Person,
    /// Reads everything.
    carol: Person,
}

impl Cast {
    fn of(stage: &Stage) -> Result<Self> {
        Ok(Self {
            alice: stage.person("alice", &["analyst", "supervisor"])?,
            bob: stage.person("bob", &["supervisor"])?,
            carol: stage.person("carol", &["auditor"])?,
        })
    }
}

/// Results, entered by an amendment.
fn results() -> Value {
    json!({ "reason": "the result of the first run", "metadata": { "results": { "lead_mg_per_l": 0.003 } } })
}

/// The ids of the rules that refused.
fn rules_named(problem: &Value) -> Vec<&str> {
    problem["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["rule_id"].as_str()).collect()
}

/// Creates a workflow and sets it to work: version 2.
async fn at_work(alice: &Person, id: &str) -> Result<()> {
    alice.create(id).await?.done()?;
    alice.move_to(id, "ACTIVE", "the analysis begins", Value::Null).await?.done()?;
    Ok(())
}

/// Scenario 1.
pub(super) async fn lifecycle(stage: &mut Stage, tell: &mut Teller) -> Result<()> {
    let Cast { alice, bob, carol } = Cast::of(stage)?;
    let id = "sample-1";
    let created = alice.create(id).await?.done()?;
    ensure!(created["current_state"] == "CREATED" && created["version"] == 1, "not created: {created}");
    tell.ok("alice creates sample-1: CREATED, version 1");
    for (target, reason) in
        [("ACTIVE", "the analysis begins"), ("PAUSED", "the instrument warms up"), ("ACTIVE", "it is warm")]
    {
        let moved = alice.move_to(id, target, reason, Value::Null).await?.done()?;
        ensure!(moved["workflow"]["current_state"] == target, "not moved: {moved}");
        tell.ok(&format!("alice moves it to {target}: \"{reason}\""));
    }
    alice.amend(id, &results()).await?.done()?;
    alice.sign(id, "authorship", 5).await?.done()?;
    tell.ok("alice enters the results and signs them as their author: version 6");
    bob.sign(id, "review", 6).await?.done()?;
    tell.ok("bob compares them with the printout and signs as reviewer: version 7");
    let refused = alice.move_to(id, "COMPLETED", "done", Value::Null).await?.refused(422, "rule-violation")?;
    ensure!(rules_named(&refused) == ["four-eyes"], "refused for other reasons: {refused}");
    tell.ok("alice may not complete her own work, even with both signatures: rule four-eyes");
    bob.move_to(id, "COMPLETED", "results reviewed", Value::Null).await?.done()?;
    ensure!(bob.stands_at(id).await? == ("COMPLETED".to_owned(), 8), "not completed");
    tell.ok("bob completes it: COMPLETED, version 8");

    let history = carol.get(&format!("/workflows/{id}/history")).await?.done()?;
    let history = history["items"].as_array().context("no items")?;
    let states: Vec<&str> = history.iter().filter_map(|item| item["to_state"].as_str()).collect();
    let expected = ["CREATED", "ACTIVE", "PAUSED", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "COMPLETED"];
    ensure!(states == expected, "another history: {states:?}");
    tell.ok("the history has all eight versions: who, when, why, by which rules");
    let verified = carol.get(&format!("/workflows/{id}/history/verification")).await?.done()?;
    ensure!(verified["valid"] == true && verified["versions_checked"] == 8, "not valid: {verified}");
    tell.ok("carol checks the hash chain: valid over 8 versions");
    let events = bob.events(id, 8).await?;
    ensure!(events.iter().map(|(_, version)| *version).eq(1..=8), "not in order: {events:?}");
    tell.ok("its eight events are on the bus, in order");
    alice.until_listed_at(id, "COMPLETED", 8).await?;
    tell.ok("the list shows the same state as the log");
    Ok(())
}

/// Scenario 2.
pub(super) async fn sixteen_at_once(stage: &mut Stage, tell: &mut Teller) -> Result<()> {
    let Cast { alice, bob, carol } = Cast::of(stage)?;
    let id = "sample-2";
    at_work(&alice, id).await?;
    tell.ok("sample-2 is ACTIVE at version 2");
    let rivals = (0..RIVALS).map(|number| {
        let (rival, target) = if number % 2 == 0 { (&alice, "PAUSED") } else { (&bob, "CANCELLED") };
        let reason = format!("rival {number}");
        async move { rival.move_to(id, target, &reason, json!({ "expected_version": 2 })).await }
    });
    let answers = join_all(rivals).await.into_iter().collect::<Result<Vec<_>>>()?;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    ensure!(won.len() == 1, "{} of {RIVALS} moves of version 2 were accepted", won.len());
    let winner = won.into_iter().next().context("no winner")?.done()?;
    let state = winner["workflow"]["current_state"].as_str().context("no state")?.to_owned();
    tell.ok(&format!("{RIVALS} simultaneous transitions of version 2: exactly one wins, to {state}"));
    let losers = lost.len();
    for answer in lost {
        let conflict = answer.refused(409, "version-conflict")?;
        ensure!(
            conflict["version"] == 3 && conflict["current_state"] == state.as_str(),
            "a conflict that does not tell what won: {conflict}"
        );
    }
    tell.ok(&format!("the other {losers} get version-conflict, with the winning state"));
    ensure!(alice.stands_at(id).await? == (state.clone(), 3), "the workflow is not where the winner put it");
    let verified = carol.get(&format!("/workflows/{id}/history/verification")).await?.done()?;
    ensure!(verified["valid"] == true && verified["versions_checked"] == 3, "not valid: {verified}");
    tell.ok("the history has one version 3, and its chain is valid");
    Ok(())
}

/// Scenario 3.
pub(super) async fn refused_by_the_rules(stage: &mut Stage, tell: &mut Teller) -> Result<()> {
    let Cast { alice, bob, carol } = Cast::of(stage)?;
    let id = "sample-3";
    at_work(&alice, id).await?;
    let before = bob.get(&format!("/workflows/{id}")).await?.done()?;
    tell.ok("sample-3 is ACTIVE at version 2, without results");
    let refused = bob.move_to(id, "COMPLETED", "let us be done", Value::Null).await?.refused(422, "rule-violation")?;
    ensure!(
        rules_named(&refused) == ["results-present", "results-signed", "reviewed"],
        "refused for other reasons: {refused}"
    );
    tell.ok("bob cannot complete it; the answer lists every reason:");
    for reason in refused["reasons"].as_array().into_iter().flatten() {
        tell.detail(&format!(
            "{}: {}",
            reason["rule_id"].as_str().unwrap_or("?"),
            reason["message"].as_str().unwrap_or("?")
        ));
    }
    let after = bob.get(&format!("/workflows/{id}")).await?.done()?;
    ensure!(before == after, "the refusal changed the workflow: {before} became {after}");
    tell.ok("the workflow is unchanged, to the last byte");
    let history = carol.get(&format!("/workflows/{id}/history?include=refusals")).await?.done()?;
    let items = history["items"].as_array().context("no items")?;
    let refusals: Vec<&Value> = items.iter().filter(|item| item["event_type"] == "WorkflowTransitionRefused").collect();
    ensure!(
        refusals.len() == 1 && refusals.iter().all(|it| it["requested_by"] == "bob" && it["code"] == "rule-violation"),
        "the refusal is not in the history: {history}"
    );
    tell.ok("carol, an auditor, finds the attempt in the history: by bob, refused, with the reasons");
    let refusals_of = |history: &Value| {
        let items = history["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter(|item| item["event_type"] == "WorkflowTransitionRefused").count()
    };
    let path = format!("/workflows/{id}/history?include=refusals");
    let (own, others) = (bob.get(&path).await?.done()?, alice.get(&path).await?.done()?);
    ensure!((refusals_of(&own), refusals_of(&others)) == (1, 0), "whose refusal is shown: {own} and {others}");
    tell.ok("bob finds his own attempt there, and alice, who is no auditor either, does not");
    Ok(())
}

/// Scenario 4.
pub(super) async fn signed_by_two(stage: &mut Stage, tell: &mut Teller) -> Result<()> {
    let Cast { bob, carol, .. } = Cast::of(stage)?;
    let (dora, id) = (stage.person("dora", &["analyst"])?, "sample-6");
    at_work(&dora, id).await?;
    tell.ok("dora, an analyst, creates sample-6 and begins to work: version 2");
    let alone = json!({ "metadata": {
        "results": { "lead_mg_per_l": 999 }, "review": { "reviewed_by": "dora", "conclusion": "approved" },
    }});
    let refused = bob.move_to(id, "COMPLETED", "ok", alone).await?.refused(422, "rule-violation")?;
    ensure!(rules_named(&refused) == ["results-signed", "reviewed"], "refused for other reasons: {refused}");
    tell.ok("bob enters a result, names dora as its reviewer and completes, in one request: refused. A name is no signature");
    dora.amend(id, &results()).await?.done()?;
    dora.sign(id, "authorship", 3).await?.done()?;
    tell.ok("dora enters her result and signs it: authorship, of version 3");
    let own = dora.sign(id, "review", 4).await?.refused(403, "forbidden")?;
    ensure!(own["code"] == "forbidden", "not refused: {own}");
    tell.ok("dora may not sign as reviewer: the policies leave that to supervisors");
    let signed = bob.sign(id, "review", 4).await?.done()?;
    let signatures = signed["workflow"]["signatures"].as_array().context("no signatures")?;
    ensure!(signatures.iter().all(|it| it["current"] == true) && signatures.len() == 2, "not signed: {signed}");
    tell.ok("bob signs it: review, of version 4. Two people, two signatures, both current");
    let correction = json!({ "reason": "a digit was wrong", "metadata": { "results": { "lead_mg_per_l": 0.03 } } });
    let corrected = dora.amend(id, &correction).await?.done()?;
    let signatures = corrected["workflow"]["signatures"].as_array().context("no signatures")?;
    ensure!(signatures.iter().all(|it| it["current"] == false), "a signature of other results counts: {corrected}");
    bob.move_to(id, "COMPLETED", "ok", Value::Null).await?.refused(422, "rule-violation")?;
    tell.ok("dora corrects a digit: both signatures are for another result now, and completing is refused");
    dora.sign(id, "authorship", 6).await?.done()?;
    bob.sign(id, "review", 7).await?.done()?;
    bob.move_to(id, "COMPLETED", "results reviewed", Value::Null).await?.done()?;
    ensure!(bob.stands_at(id).await? == ("COMPLETED".to_owned(), 9), "not completed");
    tell.ok("both sign the corrected result, and bob completes: version 9");
    let verified = carol.get(&format!("/workflows/{id}/history/verification")).await?.done()?;
    ensure!(verified["valid"] == true && verified["versions_checked"] == 9, "not valid: {verified}");
    tell.ok("carol checks the chain, which proves what each of them signed: valid over 9 versions");
    Ok(())
}

/// Scenario 5.
pub(super) async fn killed_in_between(stage: &mut Stage, tell: &mut Teller) -> Result<()> {
    stage.restart(Events::Held).await?;
    let alice = Cast::of(stage)?.alice;
    for id in ["sample-4", "sample-5"] {
        at_work(&alice, id).await?;
    }
    tell.ok("sample-4 and sample-5 are created and moved to ACTIVE, and acknowledged");
    stage.kill().await?;
    tell.ok("the process is killed (SIGKILL) before it publishes an event");

    stage.restart(Events::Held).await?;
    let Cast { alice, bob, .. } = Cast::of(stage)?;
    ensure!(alice.stands_at("sample-4").await? == ("ACTIVE".to_owned(), 2), "the log lost sample-4");
    ensure!(alice.listed_at("sample-4").await?.is_none(), "the list has what was never published");
    tell.ok("restarted without publishing: the log has sample-4 at version 2, the list does not");
    bob.has_recovered("sample-4", "power cut", "recovered").await?;
    let events = bob.events("sample-4", 2).await?;
    ensure!(events.iter().map(|(_, version)| *version).eq(1..=2), "not in order: {events:?}");
    ensure!(alice.listed_at("sample-4").await? == Some(("ACTIVE".to_owned(), 2)), "the list still does not agree");
    tell.ok("bob recovers sample-4: its two events are published in order, and list and log agree");

    stage.restart(Events::Published).await?;
    let Cast { alice, bob, carol } = Cast::of(stage)?;
    let events = bob.events("sample-5", 2).await?;
    ensure!(events.iter().map(|(_, version)| *version).eq(1..=2), "not in order: {events:?}");
    alice.until_listed_at("sample-5", "ACTIVE", 2).await?;
    tell.ok("restarted normally: sample-5 is published too, in order, without a request");
    for id in ["sample-1", "sample-2", "sample-3", "sample-4", "sample-5", "sample-6"] {
        bob.has_recovered(id, "to see whether it is in order", "already-consistent").await?;
        let verified = carol.get(&format!("/workflows/{id}/history/verification")).await?.done()?;
        ensure!(verified["valid"] == true, "the history of {id} is broken: {verified}");
    }
    tell.ok("nothing is stuck: log, list and bus agree on every workflow of this demo");
    recovered_from_failure(&alice, &bob, tell).await
}

/// The other half of scenario 5: what failed is brought back to work.
async fn recovered_from_failure(alice: &Person, bob: &Person, tell: &mut Teller) -> Result<()> {
    let id = "sample-4";
    let failure =
        json!({ "failure": { "code": "power-loss", "message": "the instrument lost power", "retryable": true } });
    alice.move_to(id, "FAILED", "power cut", failure).await?.done()?;
    tell.ok("the analysis of sample-4 itself has FAILED: power-loss");
    bob.has_recovered(id, "power is back", "recovered").await?;
    ensure!(bob.stands_at(id).await? == ("ACTIVE".to_owned(), 4), "not brought back");
    let events = bob.events(id, 4).await?;
    let last = events.last().context("no events")?;
    ensure!(*last == ("WorkflowRecovered".to_owned(), 4), "another event: {last:?}");
    bob.until_listed_at(id, "ACTIVE", 4).await?;
    tell.ok("bob recovers it: ACTIVE again at version 4, told as WorkflowRecovered");
    Ok(())
}
