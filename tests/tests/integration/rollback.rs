//! After a rollback: this release meets items that a newer one wrote, and leaves every one of them as it is. Once the
//! newer release runs again everything goes on.

mod publishing;
mod walking;

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

use crate::behind::{INDEX, LOG};
use crate::lab::{Answer, FREE, Lab, Person, go, transitions};

type RawItem = HashMap<String, AttributeValue>;
/// Items by table, partition key and sort key.
type RawItems = BTreeMap<(&'static str, String, String), RawItem>;

const CODE: &str = "written-by-newer-release";
/// How a recovery ends that meets a newer item.
const GAVE_UP: (&str, &str) = ("gave-up", "WrittenByNewerRelease");

fn text_of(item: &RawItem, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// The item as a newer release would have written it.
fn as_newer(item: &RawItem) -> RawItem {
    let mut item = item.clone();
    item.insert("format".to_owned(), AttributeValue::N("2".to_owned()));
    let labels = HashMap::from([("colour".to_owned(), AttributeValue::S("blue".to_owned()))]);
    item.insert("labels".to_owned(), AttributeValue::M(labels));
    item
}

impl Lab {
    /// All items of both tables.
    async fn raw_items(&self) -> RawItems {
        let mut items = RawItems::new();
        for table in [LOG, INDEX] {
            for item in self.dynamodb().scan().table_name(table).send().await.unwrap().items.unwrap() {
                items.insert((table, text_of(&item, "pk"), text_of(&item, "entry")), item);
            }
        }
        items
    }

    async fn put_raw(&self, table: &str, item: &RawItem) {
        self.dynamodb().put_item().table_name(table).set_item(Some(item.clone())).send().await.unwrap();
    }

    /// Makes a newer release's item of the one in this table whose keys begin and end so, and gives it as it was.
    async fn raise(&self, (table, pk, begins, ends): (&'static str, &str, &str, &str)) -> (&'static str, RawItem) {
        let items = self.raw_items().await.into_iter();
        let is_it = |key: &(&str, String, String)| {
            key.0 == table && key.1 == pk && key.2.starts_with(begins) && key.2.ends_with(ends)
        };
        let (_, item) = items.into_iter().find(|(key, _)| is_it(key)).unwrap();
        self.put_raw(table, &as_newer(&item)).await;
        (table, item)
    }
}

/// What is asked of a workflow after a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    State,
    Evaluation,
    History,
    Verification,
    Move,
    MoveWithKey,
    DryRun,
    Creation,
    CreationWithKey,
    Recovery,
    Progress,
    Replay,
    Release,
    Refused,
    List,
}

const ALL: [Ask; 15] = [
    Ask::State,
    Ask::Evaluation,
    Ask::History,
    Ask::Verification,
    Ask::Move,
    Ask::MoveWithKey,
    Ask::DryRun,
    Ask::Creation,
    Ask::CreationWithKey,
    Ask::Recovery,
    Ask::Progress,
    Ask::Replay,
    Ask::Release,
    Ask::Refused,
    Ask::List,
];

async fn asked(lab: &Lab, ask: Ask) -> Answer {
    let sue = lab.everybody();
    let with_key = |path: &str, body: &Value| {
        Answer::to(sue.request(Method::POST, path).header("Idempotency-Key", "k-after").json(body))
    };
    let creation = json!({"workflow_type": FREE, "workflow_id": "w"});
    match ask {
        Ask::State => sue.get("/workflows/w").await,
        Ask::Evaluation => sue.get("/workflows/w?evaluate=true").await,
        Ask::History => sue.get("/workflows/w/history?include=refusals&limit=1").await,
        Ask::Verification => sue.get("/workflows/w/history/verification").await,
        Ask::Move => sue.go("w", "ACTIVE").await,
        Ask::MoveWithKey => with_key(&transitions("w"), &go("ACTIVE")).await,
        Ask::DryRun => sue.post(&format!("{}?dry_run=true", transitions("w")), &go("ACTIVE")).await,
        Ask::Creation => sue.post("/workflows", &creation).await,
        Ask::CreationWithKey => with_key("/workflows", &creation).await,
        Ask::Recovery => sue.post("/workflows/w/recovery", &json!({})).await,
        Ask::Progress => sue.get("/workflows/w/recovery").await,
        Ask::Replay => sue.post("/workflows/w/replay", &json!({"from_version": 1})).await,
        Ask::Release => {
            let breaks = ["0000000001-00000000000000000000000000000000"];
            sue.post("/workflows/w/release", &json!({"breaks": breaks, "reason": "looked at"})).await
        }
        Ask::Refused => lab.person("vera", &["viewer"]).post(&transitions("w"), &go("ACTIVE")).await,
        Ask::List => sue.get("/workflows").await,
    }
}

/// A workflow that stands at version 3, was recovered, quarantined and released, and of which an attempt was refused; and
/// another one that has nothing to do with it.
async fn a_full_life(lab: &Lab) -> Person {
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED"]).await;
    sue.at("other", &["ACTIVE"]).await;
    sue.go("w", "COMPLETED").await.refused(409, "invalid-transition");
    published(&sue, &[("w", 3), ("other", 2)]).await;
    lab.archived(|line| line["detail-type"] == "WorkflowTransitionRefused").await;
    let first = lab.raw_items().await.remove(&(LOG, "default#w".to_owned(), "v#0000000001".to_owned())).unwrap();
    lab.alter("w", 1, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let release = sue.release_of_all("w", "it was compared with the paper record").await;
    lab.put_raw(LOG, &first).await;
    sue.post("/workflows/w/release", &release).await.expect(200);
    lab.archived(|line| line["detail-type"] == "WorkflowReleased").await;
    sue
}

/// Waits until the list says that these workflows are published so far.
async fn published(person: &Person, awaited: &[(&str, u64)]) {
    let is_published = |list: &Value| {
        let items = list["items"].as_array().unwrap();
        awaited.iter().all(|(id, version)| {
            items.iter().any(|item| item["workflow_id"] == *id && item["published_version"] == *version)
        })
    };
    person.until("/workflows?limit=100", is_published).await;
}

/// Where a newer item lies, and what is then answered with 503. What is named `done` is answered as ever and may write; it
/// is not asked until the newer release runs again.
struct Case {
    at: (&'static str, &'static str, &'static str, &'static str),
    unavailable: &'static [Ask],
    done: &'static [Ask],
    /// What a recovery that could be started ends with; the version is that of its claim.
    gives_up: bool,
}

/// Asks everything of a workflow of which one item is newer, and finds all items as they were; then the newer release
/// comes back, and everything goes on.
async fn holds(case: Case) {
    let lab = Lab::open().await;
    let sue = a_full_life(&lab).await;
    let (table, original) = lab.raise(case.at).await;
    let before = lab.raw_items().await;
    for ask in ALL.into_iter().filter(|ask| !case.done.contains(ask)) {
        let answer = asked(&lab, ask).await;
        let is_unavailable = answer.status == 503;
        assert_eq!(is_unavailable, case.unavailable.contains(&ask), "{ask:?}: {}", answer.body);
        if is_unavailable {
            assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{ask:?} says when to ask again");
            answer.refused(503, CODE);
        }
    }
    let recovery = ("default#w".to_owned(), "a#0000000003#0000000002");
    if case.gives_up {
        let outcome = ended(&lab, &(LOG, recovery.0.clone(), format!("{}#outcome", recovery.1))).await;
        assert_eq!((text_of(&outcome, "status").as_str(), text_of(&outcome, "error").as_str()), GAVE_UP);
    }
    let mut after = lab.raw_items().await;
    after.retain(|key, _| !(key.0 == LOG && key.1 == recovery.0 && key.2.starts_with(recovery.1)));
    assert_eq!(after, before, "nothing was written, and nothing written over");
    assert_eq!(dead_letters(&lab), "");

    lab.put_raw(table, &original).await;
    goes_on(&lab, &sue).await;
}

/// The outcome of a recovery, as soon as it is kept.
async fn ended(lab: &Lab, key: &(&'static str, String, String)) -> RawItem {
    let look = async {
        loop {
            if let Some(item) = lab.raw_items().await.remove(key) {
                return item["outcome"].as_m().unwrap().clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::lab::PATIENCE, look).await.expect("the recovery never ended")
}

fn dead_letters(lab: &Lab) -> String {
    std::fs::read_to_string(lab.data.path().join("dead-letters.jsonl")).unwrap_or_default()
}

/// The workflow moves, is recovered, is listed, and its events came in order.
async fn goes_on(lab: &Lab, sue: &Person) {
    assert_eq!(sue.state("w").await["version"], 3);
    sue.go("w", "ACTIVE").await.expect(200);
    published(sue, &[("w", 4), ("other", 2)]).await;
    lab.remove_from_index("w").await;
    assert_eq!(sue.recovered().await["status"], "recovered");
    published(sue, &[("w", 4), ("other", 2)]).await;
    let verification = sue.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verification["valid"], &verification["versions_checked"]), (&json!(true), &json!(4)));
    assert_eq!(first_appearances(lab, "w"), [1, 2, 3, 4]);
    assert_eq!(dead_letters(lab), "");
}

/// The versions of a workflow on the bus, in the order of their first appearance.
fn first_appearances(lab: &Lab, workflow_id: &str) -> Vec<u64> {
    let mut seen = Vec::new();
    for line in lab.archive().into_iter().filter(|line| line["detail"]["previous_hash"].is_string()) {
        let version = line["detail"]["version"].as_u64().unwrap();
        if line["detail"]["workflow_id"] == workflow_id && !seen.contains(&version) {
            seen.push(version);
        }
    }
    seen
}

/// What moves a workflow and does not read what is newer.
const MOVES: &[Ask] = &[Ask::Move, Ask::MoveWithKey, Ask::Refused];

#[tokio::test]
async fn a_newer_head_is_neither_read_nor_moved() {
    holds(Case {
        at: (LOG, "default#w", "v#0000000003", ""),
        unavailable: &[
            Ask::State,
            Ask::Evaluation,
            Ask::History,
            Ask::Verification,
            Ask::Move,
            Ask::MoveWithKey,
            Ask::DryRun,
            Ask::Recovery,
            Ask::Progress,
            Ask::Replay,
            Ask::Release,
        ],
        // One who may not move it learns nothing of it, not even this.
        done: &[Ask::Refused],
        gives_up: false,
    })
    .await;
}

#[tokio::test]
async fn a_creation_over_a_newer_first_version_is_refused() {
    holds(Case {
        at: (LOG, "default#w", "v#0000000001", ""),
        unavailable: &[Ask::History, Ask::Verification, Ask::Creation, Ask::CreationWithKey, Ask::Replay],
        done: MOVES,
        gives_up: true,
    })
    .await;
}

#[tokio::test]
async fn a_newer_version_below_the_head_is_no_break() {
    holds(Case {
        at: (LOG, "default#w", "v#0000000002", ""),
        unavailable: &[Ask::Verification, Ask::Replay],
        done: MOVES,
        gives_up: true,
    })
    .await;
}

#[tokio::test]
async fn a_refusal_beside_a_newer_one_is_neither_recorded_nor_answered() {
    holds(Case {
        at: (LOG, "default#w", "r#", ""),
        unavailable: &[Ask::History, Ask::Verification, Ask::Refused],
        done: &[Ask::Move, Ask::MoveWithKey],
        gives_up: false,
    })
    .await;
}

#[tokio::test]
async fn a_newer_claim_keeps_a_recovery_from_being_started() {
    let at = (LOG, "default#w", "a#", "#claim");
    holds(Case { at, unavailable: &[Ask::Verification, Ask::Recovery, Ask::Progress], done: MOVES, gives_up: false })
        .await;
}

#[tokio::test]
async fn a_newer_outcome_keeps_a_recovery_from_being_started() {
    let at = (LOG, "default#w", "a#", "#outcome");
    holds(Case { at, unavailable: &[Ask::Verification, Ask::Recovery, Ask::Progress], done: MOVES, gives_up: false })
        .await;
}

/// While it is not known whether a quarantine is in force, nothing is built on the workflow.
const WITH_QUARANTINES: [Ask; 9] = [
    Ask::State,
    Ask::Evaluation,
    Ask::Move,
    Ask::MoveWithKey,
    Ask::DryRun,
    Ask::Progress,
    Ask::Replay,
    Ask::Release,
    Ask::Verification,
];

#[tokio::test]
async fn a_newer_quarantine_is_taken_for_none_that_is_released() {
    let at = (LOG, "default#w", "q#", "#quarantined");
    holds(Case { at, unavailable: &WITH_QUARANTINES, done: &[Ask::Refused], gives_up: true }).await;
}

#[tokio::test]
async fn a_newer_release_is_not_taken_for_missing() {
    let at = (LOG, "default#w", "q#", "#released");
    holds(Case { at, unavailable: &WITH_QUARANTINES, done: &[Ask::Refused], gives_up: true }).await;
}

#[tokio::test]
async fn a_newer_index_entry_is_not_listed_and_not_overwritten() {
    let at = (INDEX, "default#w", "", "");
    holds(Case { at, unavailable: &[Ask::Verification, Ask::Replay, Ask::List], done: MOVES, gives_up: true }).await;
}

#[tokio::test]
async fn a_recovery_under_way_gives_up_when_the_head_is_newer() {
    let lab = Lab::open_with_a_switch_for_the_rules().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    published(&sue, &[("w", 3)]).await;
    lab.rules_are_up(false);
    sue.post("/workflows/w/recovery", &json!({})).await.expect(202);
    let (table, original) = lab.raise((LOG, "default#w", "v#0000000003", "")).await;
    lab.rules_are_up(true);
    let claims = lab.raw_items().await.into_keys().filter(|(_, _, entry)| entry.ends_with("#claim"));
    let newest = claims.map(|(_, _, entry)| entry.replace("#claim", "#outcome")).next_back().unwrap();
    let outcome = ended(&lab, &(LOG, "default#w".to_owned(), newest)).await;
    assert_eq!((text_of(&outcome, "status").as_str(), text_of(&outcome, "error").as_str()), GAVE_UP);
    assert_eq!(lab.raw_items().await[&(LOG, "default#w".to_owned(), text_of(&original, "entry"))], as_newer(&original));

    lab.put_raw(table, &original).await;
    assert_eq!(sue.recovered().await["status"], "recovered");
    published(&sue, &[("w", 4)]).await;
    assert_eq!(first_appearances(&lab, "w"), [1, 2, 3, 4]);
}
