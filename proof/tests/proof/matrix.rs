//! The matrix: every step of every operation that writes or publishes, crossed with every fault that the step can meet,
//! at the first attempt of the SDK and at all of them. A cell that fails is named.

use alims_domain::lifecycle::State::{Active, Completed, Failed, Paused};
use alims_faults::{Attempts, Fault, Plan};
use alims_proof::asking::{Ask, Outcome, Wish, ask, publish, replay};
use alims_proof::harness::Harness;
use alims_proof::seeds::on_a_paused_clock;
use alims_testing::MemoryDeadLetters;
use serde_json::Value;
use std::collections::BTreeMap;

/// How often a caller asks at most; one fault costs one answer.
const ASKED_MAX: usize = 3;
/// How often the stream hands a batch over at most; one fault costs one time.
const HANDED_OVER_MAX: usize = 4;

/// One operation, and what must be true afterwards whatever happened.
struct Row {
    name: &'static str,
    /// The states of the workflow `w` before, all of them in the log; whether they are published.
    before: &'static [alims_domain::lifecycle::State],
    published: bool,
    action: Action,
    /// How many versions `w` has afterwards.
    versions: u64,
}

#[derive(Clone)]
enum Action {
    Ask(Ask),
    Publish,
    Replay,
}

fn rows() -> Vec<Row> {
    let creation = Ask::creation("w");
    let row = |name, before, published, action, versions| Row { name, before, published, action, versions };
    vec![
        row("create", &[], true, Action::Ask(creation.clone()), 1),
        row("create with a key", &[], true, Action::Ask(creation.keyed("k")), 1),
        row("move", &[Active], true, Action::Ask(Ask::to("w", Paused).keyed("k")), 3),
        row("move at a version", &[Active], true, Action::Ask(Ask::to("w", Completed).at(2).keyed("k")), 3),
        row("refused move", &[Active], true, Action::Ask(Ask::to("w", Active)), 2),
        row("amend", &[Active], true, Action::Ask(Ask::change("w", "a").keyed("k")), 3),
        row("amend at a version", &[Active, Failed], true, Action::Ask(Ask::change("w", "a").at(3).keyed("k")), 4),
        row("remark on what has ended", &[Active, Completed], true, Action::Ask(Ask::remark("w").keyed("k")), 4),
        row("refused amendment", &[Active, Completed], true, Action::Ask(Ask::change("w", "a")), 3),
        row("publish", &[Active, Paused], false, Action::Publish, 3),
        row("replay", &[Active, Paused], true, Action::Replay, 3),
    ]
}

impl Row {
    /// Whether the lifecycle has no place for what is asked: the same move again, or a change of what has ended.
    fn is_refused(&self) -> bool {
        let Action::Ask(ask) = &self.action else { return false };
        match ask.wish {
            Wish::Move(target) | Wish::ChangingMove(target, _) => self.before.last() == Some(&target),
            Wish::Change(_) => self.before.last() == Some(&Completed),
            Wish::Creation | Wish::Remark | Wish::Signature(..) => false,
        }
    }
}

/// A harness on which `w` is where the row begins, and `x` beside it, so that calls for several workflows have several.
async fn prepared(row: &Row) -> Harness {
    let harness = Harness::open(0).await;
    let ports = harness.deciding();
    if !row.before.is_empty() {
        for workflow in ["w", "x"] {
            ask(&ports, &Ask::creation(workflow)).await;
            for target in row.before {
                ask(&ports, &Ask::to(workflow, *target)).await;
            }
        }
    }
    if row.published {
        publish(&harness.publishing(), &MemoryDeadLetters::default(), &harness.environment.notifications()).await;
    }
    harness
}

/// Only the last version of each workflow is delivered, so that the others are fetched from the log.
fn last_records(harness: &Harness) -> Result<Vec<Value>, String> {
    let last_of = |workflow: &str| {
        let mut of_it: Vec<Value> = harness.environment.notifications();
        of_it.retain(|record| record["dynamodb"]["Keys"]["pk"]["S"] == format!("lab#{workflow}"));
        of_it.pop().ok_or_else(|| format!("nothing is delivered of {workflow}"))
    };
    Ok(vec![last_of("w")?, last_of("x")?])
}

/// Does the row's action as its caller would, again until it is answered. Gives back the answers that were none.
async fn done(harness: &Harness, row: &Row) -> Result<usize, String> {
    let letters = MemoryDeadLetters::default();
    match &row.action {
        Action::Ask(wanted) => {
            for unanswered in 0..ASKED_MAX {
                let outcome = ask(&harness.deciding(), wanted).await;
                let refused = row.is_refused();
                let as_it_must = outcome.is_no_answer()
                    || (matches!(outcome, Outcome::Accepted { .. }) && !refused)
                    || (matches!(outcome, Outcome::Invalid { .. } | Outcome::Closed { .. }) && refused)
                    // Without a key it is unknown who made it.
                    || (outcome == Outcome::Exists && unanswered > 0 && wanted.key.is_none());
                if !as_it_must {
                    return Err(format!("answered {outcome:?}"));
                }
                if !outcome.is_no_answer() {
                    return Ok(unanswered);
                }
            }
            Err("never answered".to_owned())
        }
        Action::Publish => {
            let mut batch = last_records(harness)?;
            for time in 0..HANDED_OVER_MAX {
                batch = publish(&harness.publishing(), &letters, &batch).await;
                if batch.is_empty() {
                    return if letters.all().is_empty() { Ok(time) } else { Err(format!("{:?}", letters.all())) };
                }
            }
            Err("records come again for ever".to_owned())
        }
        Action::Replay => {
            for unanswered in 0..ASKED_MAX {
                match replay(&harness.replaying(harness.publishing()), "w", 1).await {
                    Ok(report) if report["events_published"] == 3 => return Ok(unanswered),
                    Ok(report) => return Err(report.to_string()),
                    Err(seen) if seen.status == 503 => {}
                    Err(seen) => return Err(format!("{} {}", seen.status, seen.body)),
                }
            }
            Err("never replayed".to_owned())
        }
    }
}

/// What must be true when everything has arrived and the stream has handed over all it has.
async fn afterwards(harness: &Harness, row: &Row) -> Result<(), String> {
    harness.settle().await;
    let letters = MemoryDeadLetters::default();
    let left = publish(&harness.publishing(), &letters, &harness.environment.notifications()).await;
    let (versions, refusals) = harness.kept("w").await;
    let (first, _) = harness.first_appearances("w");
    let numbers: Vec<u64> = versions.iter().map(|version| version.event.version.get()).collect();
    let wanted: Vec<u64> = (1..=row.versions).collect();
    let ids: BTreeMap<String, u64> =
        versions.iter().map(|version| (version.event.event_id.to_string(), version.event.version.get())).collect();
    let strangers = harness.environment.accepted().into_iter().filter(|event| {
        let id = event["event_id"].as_str().unwrap_or_default();
        event["workflow_id"] == "w"
            && event["event_type"] != "WorkflowTransitionRefused"
            && ids.get(id).copied() != event["version"].as_u64()
    });
    let indexed = harness.indexed("w").await.map(|entry| entry.published_version.get());
    let checks = [
        ("the stream's records are answered", left.is_empty() && letters.all().is_empty()),
        ("the log has each version once", numbers == wanted),
        ("the bus had each version first in order", first == wanted),
        ("the bus had nothing that the log has not", strangers.count() == 0),
        ("the index has the last version", indexed == Some(row.versions)),
        ("refusals are kept, and only refusals", row.is_refused() != refusals.is_empty()),
    ];
    let broken: Vec<&str> = checks.into_iter().filter(|(_, holds)| !holds).map(|(what, _)| what).collect();
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("not so: {}; log {numbers:?}, bus {first:?}", broken.join("; ")))
    }
}

/// One cell of the matrix.
async fn cell(row: &Row, step: usize, attempts: Attempts, fault: Fault) -> Result<(), String> {
    let harness = prepared(row).await;
    harness.http.follow(Plan::At { call: step, attempts, fault }, 1);
    let unanswered = done(&harness, row).await?;
    if !harness.http.committed().contains_key(&fault) {
        return Err("the fault was never met".to_owned());
    }
    // What the SDK can overcome its caller does not notice.
    if attempts == Attempts::First && fault.is_tried_again() && unanswered > 0 {
        return Err(format!("{unanswered} times no answer, though a second attempt would have passed"));
    }
    afterwards(&harness, row).await
}

#[test]
fn no_fault_at_any_step_of_any_operation_loses_doubles_or_reorders_anything() {
    let (mut cells, mut failing) = (0, Vec::new());
    for row in rows() {
        let steps = on_a_paused_clock(0, async {
            let harness = prepared(&row).await;
            harness.http.follow(Plan::Sound, 0);
            done(&harness, &row).await.unwrap();
            harness.http.calls()
        });
        for (step, operation) in steps.iter().enumerate() {
            for fault in Fault::ALL.into_iter().filter(|fault| fault.can_meet(operation)) {
                for attempts in Attempts::ALL {
                    cells += 1;
                    if let Err(why) = on_a_paused_clock(0, cell(&row, step, attempts, fault)) {
                        let at = format!("{} × step {step} {operation} × {fault} × {attempts:?}", row.name);
                        failing.push(format!("{at}: {why}"));
                    }
                }
            }
        }
    }
    assert!(cells > 250, "{cells} cells: steps or faults are missing");
    assert!(failing.is_empty(), "{} of {cells} cells:\n  {}", failing.len(), failing.join("\n  "));
}

/// One cell of a fault that does not pass: the bus refuses some entries of one call for good.
async fn refused_for_good(row: &Row, step: usize) -> Result<(), String> {
    let harness = prepared(row).await;
    harness.http.follow(Plan::At { call: step, attempts: Attempts::First, fault: Fault::EntriesUnwanted }, 1);
    let letters = MemoryDeadLetters::default();
    let left = publish(&harness.publishing(), &letters, &last_records(&harness)?).await;
    let letters = letters.all();
    if !left.is_empty() || letters.is_empty() || letters.iter().any(|letter| letter.refused.is_none()) {
        return Err(format!("left {left:?}, dead letters {letters:?}"));
    }
    for workflow in ["w", "x"] {
        let (first, indexed) = (harness.first_appearances(workflow).0, harness.indexed(workflow).await);
        let reached = indexed.map_or(0, |entry| entry.published_version.get());
        let is_dead = letters.iter().any(|letter| letter.key == format!("lab/{workflow}"));
        if first != (1..=reached).collect::<Vec<u64>>() || is_dead == (reached == row.versions) {
            return Err(format!("{workflow}: bus {first:?}, index {reached}, dead letters {letters:?}"));
        }
    }
    // The bus takes them again: what waited arrives in order.
    afterwards(&harness, row).await
}

#[test]
fn an_event_that_the_bus_refuses_for_good_holds_up_only_its_workflow_and_is_published_later_in_order() {
    let (mut cells, mut failing) = (0, Vec::new());
    for row in rows().into_iter().filter(|row| matches!(row.action, Action::Publish)) {
        let steps = on_a_paused_clock(0, async {
            let harness = prepared(&row).await;
            harness.http.follow(Plan::Sound, 0);
            done(&harness, &row).await.unwrap();
            harness.http.calls()
        });
        for (step, _) in steps.iter().enumerate().filter(|(_, operation)| Fault::EntriesUnwanted.can_meet(operation)) {
            cells += 1;
            if let Err(why) = on_a_paused_clock(0, refused_for_good(&row, step)) {
                failing.push(format!("step {step}: {why}"));
            }
        }
    }
    assert!(cells >= 3, "{cells} cells: steps are missing");
    assert!(failing.is_empty(), "{} of {cells} cells:\n  {}", failing.len(), failing.join("\n  "));
}
