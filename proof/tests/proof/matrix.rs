//! The matrix: every step of every operation that writes or publishes, crossed with every fault that the step can meet,
//! at the first attempt of the SDK and at all of them. A cell that fails is named.

use alims_domain::lifecycle::State::{Active, Completed, Paused};
use alims_faults::{Attempts, Fault, Plan};
use alims_proof::asking::{Ask, Told, ask, publish, replay};
use alims_proof::seeds::on_a_paused_clock;
use alims_proof::stage::Stage;
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
    deed: Deed,
    /// How many versions `w` has afterwards.
    versions: u64,
}

#[derive(Clone)]
enum Deed {
    Ask(Ask),
    Publish,
    Replay,
}

fn rows() -> Vec<Row> {
    let creation = Ask::creation("w");
    let row = |name, before, published, deed, versions| Row { name, before, published, deed, versions };
    vec![
        row("create", &[], true, Deed::Ask(creation.clone()), 1),
        row("create with a key", &[], true, Deed::Ask(creation.keyed("k")), 1),
        row("move", &[Active], true, Deed::Ask(Ask::to("w", Paused).keyed("k")), 3),
        row("move at a version", &[Active], true, Deed::Ask(Ask::to("w", Completed).at(2).keyed("k")), 3),
        row("refused move", &[Active], true, Deed::Ask(Ask::to("w", Active)), 2),
        row("publish", &[Active, Paused], false, Deed::Publish, 3),
        row("replay", &[Active, Paused], true, Deed::Replay, 3),
    ]
}

/// A stage on which `w` is where the row begins, and `x` beside it, so that calls for several workflows have several.
async fn staged(row: &Row) -> Stage {
    let stage = Stage::open(0).await;
    let ports = stage.deciding();
    if !row.before.is_empty() {
        for workflow in ["w", "x"] {
            ask(&ports, &Ask::creation(workflow)).await;
            for target in row.before {
                ask(&ports, &Ask::to(workflow, *target)).await;
            }
        }
    }
    if row.published {
        publish(&stage.publishing(), &MemoryDeadLetters::default(), &stage.world.doorbells()).await;
    }
    stage
}

/// Does the row's deed as its caller would, again until it is answered. Gives back the answers that were none.
async fn done(stage: &Stage, deed: &Deed) -> Result<usize, String> {
    let letters = MemoryDeadLetters::default();
    match deed {
        Deed::Ask(wanted) => {
            for unanswered in 0..ASKED_MAX {
                let told = ask(&stage.deciding(), wanted).await;
                let refused = wanted.key.is_none() && wanted.target == Active;
                let as_it_must = told.is_no_answer()
                    || (matches!(told, Told::Accepted { .. }) && !refused)
                    || (matches!(told, Told::Invalid { .. }) && refused)
                    // Without a key nobody knows who made it.
                    || (told == Told::Exists && unanswered > 0 && wanted.key.is_none());
                if !as_it_must {
                    return Err(format!("told {told:?}"));
                }
                if !told.is_no_answer() {
                    return Ok(unanswered);
                }
            }
            Err("never answered".to_owned())
        }
        Deed::Publish => {
            // Only the last version of each rings, so that the others are fetched from the log.
            let last_of = |workflow: &str| {
                let mut of_it: Vec<Value> = stage.world.doorbells();
                of_it.retain(|record| record["dynamodb"]["Keys"]["pk"]["S"] == format!("lab#{workflow}"));
                of_it.pop().ok_or_else(|| format!("nothing rings for {workflow}"))
            };
            let mut batch = vec![last_of("w")?, last_of("x")?];
            for time in 0..HANDED_OVER_MAX {
                batch = publish(&stage.publishing(), &letters, &batch).await;
                if batch.is_empty() {
                    return if letters.all().is_empty() { Ok(time) } else { Err(format!("{:?}", letters.all())) };
                }
            }
            Err("records come again for ever".to_owned())
        }
        Deed::Replay => {
            for unanswered in 0..ASKED_MAX {
                match replay(&stage.replaying(stage.publishing()), "w", 1).await {
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
async fn afterwards(stage: &Stage, row: &Row) -> Result<(), String> {
    stage.settle().await;
    let letters = MemoryDeadLetters::default();
    let left = publish(&stage.publishing(), &letters, &stage.world.doorbells()).await;
    let (versions, refusals) = stage.kept("w").await;
    let (first, _) = stage.first_appearances("w");
    let numbers: Vec<u64> = versions.iter().map(|version| version.event.version.get()).collect();
    let wanted: Vec<u64> = (1..=row.versions).collect();
    let ids: BTreeMap<String, u64> =
        versions.iter().map(|version| (version.event.event_id.to_string(), version.event.version.get())).collect();
    let strangers = stage.world.accepted().into_iter().filter(|event| {
        let id = event["event_id"].as_str().unwrap_or_default();
        event["workflow_id"] == "w"
            && event["event_type"] != "WorkflowTransitionRefused"
            && ids.get(id).copied() != event["version"].as_u64()
    });
    let indexed = stage.indexed("w").await.map(|entry| entry.published_version.get());
    let refused = matches!(&row.deed, Deed::Ask(ask) if ask.target == Active);
    let checks = [
        ("the stream's records are answered", left.is_empty() && letters.all().is_empty()),
        ("the log has each version once", numbers == wanted),
        ("the bus had each version first in order", first == wanted),
        ("the bus had nothing that the log has not", strangers.count() == 0),
        ("the index has the last version", indexed == Some(row.versions)),
        ("refusals are kept, and only refusals", refused != refusals.is_empty()),
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
    let stage = staged(row).await;
    stage.http.follow(Plan::At { call: step, attempts, fault }, 1);
    let unanswered = done(&stage, &row.deed).await?;
    if !stage.http.committed().contains_key(&fault) {
        return Err("the fault was never met".to_owned());
    }
    // What the SDK can overcome its caller does not notice.
    if attempts == Attempts::First && fault.is_tried_again() && unanswered > 0 {
        return Err(format!("{unanswered} times no answer, though a second attempt would have passed"));
    }
    afterwards(&stage, row).await
}

#[test]
fn no_fault_at_any_step_of_any_operation_loses_doubles_or_reorders_anything() {
    let (mut cells, mut failing) = (0, Vec::new());
    for row in rows() {
        let steps = on_a_paused_clock(0, async {
            let stage = staged(&row).await;
            stage.http.follow(Plan::Sound, 0);
            done(&stage, &row.deed).await.unwrap();
            stage.http.calls()
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
