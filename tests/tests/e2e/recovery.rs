//! Recoveries, carried out by the deployed state machine: asked for, by themselves, refused, and of what is broken.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::people::{Person, go};
use crate::world::{FAILED_RECOVERIES, QUARANTINED, WORLD, aws, cli, events_of};

/// Creates a workflow of a type and has it fail; whether trying again can help is said.
pub(crate) async fn failed(alice: &Person, workflow_id: &str, workflow_type: &str, retryable: bool) {
    let new = json!({"workflow_type": workflow_type, "workflow_id": workflow_id});
    alice.post("/workflows", &new).await.expect(201);
    alice.go(workflow_id, "ACTIVE").await.expect(200);
    let mut failure = go("FAILED");
    failure["failure"]["retryable"] = json!(retryable);
    alice.post(&format!("/workflows/{workflow_id}/transitions"), &failure).await.expect(200);
}

/// Asks for a recovery and waits until it has ended; gives what is told of it then.
pub(crate) async fn recovered(alice: &Person, workflow_id: &str) -> Value {
    let path = format!("/workflows/{workflow_id}/recovery");
    alice.post(&path, &json!({"reason": "the power is back"})).await.expect(202);
    alice.until(&path, |told| told["status"] != "running").await
}

/// What happened in an execution, in order.
pub(crate) fn history_of(execution: &str) -> Vec<Value> {
    let machine = WORLD.output("RecoveryMachineArn").replace(":stateMachine:", ":execution:");
    let arn = format!("{machine}:{execution}");
    let history = cli(&["stepfunctions", "get-execution-history", "--execution-arn", &arn]);
    history["events"].as_array().unwrap().clone()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_failed_workflow_is_recovered_and_its_subscriber_learns_of_it() {
    let alice = Person::everybody();
    failed(&alice, "broken", crate::people::FREE, false).await;
    let none = alice.get("/workflows/broken/recovery").await.expect(200);
    assert_eq!(none["status"], "none", "{none}");
    let told = recovered(&alice, "broken").await;
    assert_eq!((&told["status"], &told["trigger"]), (&json!("recovered"), &json!("request")), "{told}");
    let state = alice.get("/workflows/broken").await.expect(200);
    assert_eq!((&state["current_state"], &state["version"]), (&json!("ACTIVE"), &json!(4)));
    let events = events_of("broken", 4).await;
    let changed = "WorkflowStateChanged";
    assert_eq!(types(&events)[..4], ["WorkflowCreated", changed, changed, "WorkflowRecovered"]);
    // Asked once more, there is nothing to do; and nothing is done.
    let again = recovered(&alice, "broken").await;
    assert_eq!(again["status"], "already-consistent", "{again}");
    assert_eq!(alice.get("/workflows/broken").await.expect(200)["version"], 4);
}

#[tokio::test]
async fn a_retryable_failure_is_recovered_automatically() {
    let alice = Person::everybody();
    failed(&alice, "flickered", crate::people::FREE, true).await;
    alice.until("/workflows/flickered", |state| state["current_state"] == "ACTIVE").await;
    let told = alice.until("/workflows/flickered/recovery", |told| told["status"] != "running").await;
    assert_eq!((&told["status"], &told["trigger"]), (&json!("recovered"), &json!("failure")), "{told}");
    let events = events_of("flickered", 4).await;
    assert_eq!(types(&events)[3], "WorkflowRecovered");
    assert_ne!(events[3]["detail"]["requested_by"], "alice", "nobody asked for it");
}

#[tokio::test]
async fn a_recovery_that_the_rules_refuse_says_which_rule_and_leaves_the_workflow_failed() {
    let alice = Person::everybody();
    failed(&alice, "unrepaired", "repaired-first", false).await;
    let told = recovered(&alice, "unrepaired").await;
    assert_eq!(told["status"], "refused", "{told}");
    assert_eq!(told["reasons"][0]["rule_id"], "repaired", "{told}");
    let state = alice.get("/workflows/unrepaired").await.expect(200);
    assert_eq!((&state["current_state"], &state["version"]), (&json!("FAILED"), &json!(3)));
}

#[tokio::test]
async fn an_index_entry_that_was_deleted_by_hand_is_there_again() {
    let alice = Person::everybody();
    alice.create("unlisted").await.expect(201);
    alice.go("unlisted", "ACTIVE").await.expect(200);
    let listed = |list: &Value| {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["workflow_id"] == "unlisted" && item["published_version"] == 2)
    };
    alice.until("/workflows?state=ACTIVE&limit=100", listed).await;
    let client = aws_sdk_dynamodb::Client::new(&aws().await);
    let key = [("pk".to_owned(), AttributeValue::S("default#unlisted".to_owned()))];
    let table = WORLD.output("IndexTableName");
    client.delete_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    alice.until("/workflows?state=ACTIVE&limit=100", |list| !listed(list)).await;
    let told = recovered(&alice, "unlisted").await;
    assert_eq!(told["status"], "recovered", "{told}");
    alice.until("/workflows?state=ACTIVE&limit=100", listed).await;
}

#[tokio::test]
async fn a_version_that_was_altered_by_hand_is_quarantined_until_a_supervisor_releases_it() {
    let alice = Person::everybody();
    alice.create("altered").await.expect(201);
    alice.go("altered", "ACTIVE").await.expect(200);
    alice.go("altered", "PAUSED").await.expect(200);
    events_of("altered", 3).await;
    alter("altered", 2).await;

    // The stream shows it, without any request.
    let shown = |event: &Value| event["detail"]["workflow_id"] == "altered" && event["detail"]["fault"] == "changed";
    let events = QUARANTINED.until(shown, |events| !events.is_empty()).await;
    assert_eq!(events[0]["detail-type"], "WorkflowQuarantined");
    assert_eq!(
        (&events[0]["detail"]["broken_at_version"], &events[0]["detail"]["found_by"]),
        (&json!(2), &json!("publish-events"))
    );
    alice.go("altered", "ACTIVE").await.refused(423, "workflow-quarantined");
    // A recovery records what it has left.
    let told = recovered(&alice, "altered").await;
    assert_eq!((&told["status"], &told["broken_at_version"]), (&json!("quarantined"), &json!(2)), "{told}");
    let refused = alice.go("altered", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(refused["broken_at_version"], 2);
    // It can still be read, and shows it.
    assert_eq!(alice.get("/workflows/altered").await.expect(200)["version"], 3);
    let verified = alice.get("/workflows/altered/history/verification").await.expect(200);
    assert_eq!(verified["valid"], false, "{verified}");
    let left = |event: &Value| event["detail"]["workflow_id"] == "altered" && event["detail"]["fault"] == "altered";
    QUARANTINED.until(left, |events| !events.is_empty()).await;

    let found = alice.get("/workflows/altered/recovery").await.expect(200)["quarantines"].clone();
    let found: Vec<&Value> = found.as_array().unwrap().iter().map(|found| &found["break_id"]).collect();
    assert_eq!(found.len(), 2, "what was shown and what is left: {found:?}");
    let release = json!({"breaks": found, "reason": "Compared with the backup by two people."});
    let analyst = Person::with_roles("andy", &["analyst"]);
    analyst.post("/workflows/altered/release", &release).await.refused(403, "forbidden");
    alice.go("altered", "ACTIVE").await.refused(423, "workflow-quarantined");
    let supervisor = Person::with_roles("sue", &["supervisor"]);
    supervisor.post("/workflows/altered/release", &release).await.expect(200);
    let moved = alice.go("altered", "ACTIVE").await.expect(200);
    assert_eq!(moved["event"]["version"], 4);
}

#[tokio::test]
async fn an_entry_that_was_removed_by_hand_locks_its_workflow_and_no_other() {
    let alice = Person::everybody();
    alice.create("unclaimed").await.expect(201);
    events_of("unclaimed", 1).await;
    recovered(&alice, "unclaimed").await;
    let client = aws_sdk_dynamodb::Client::new(&aws().await);
    let table = WORLD.output("LogTableName");
    let of_it = AttributeValue::S("default#unclaimed".to_owned());
    let query = client.query().table_name(table).key_condition_expression("pk = :pk AND begins_with(entry, :kind)");
    let query = query.expression_attribute_values(":pk", of_it);
    let query = query.expression_attribute_values(":kind", AttributeValue::S("a#".to_owned()));
    let mut claim = query.send().await.unwrap().items.unwrap().remove(0);
    claim.retain(|name, _| name == "pk" || name == "entry");
    client.delete_item().table_name(table).set_key(Some(claim)).send().await.unwrap();
    let shown = |event: &Value| event["detail"]["workflow_id"] == "unclaimed";
    let events = QUARANTINED.until(shown, |events| !events.is_empty()).await;
    assert_eq!(
        (&events[0]["detail"]["fault"], &events[0]["detail"]["broken_at_version"]),
        (&json!("changed"), &json!(1))
    );
    alice.go("unclaimed", "ACTIVE").await.refused(423, "workflow-quarantined");
}

/// Changes a stored version as somebody could who has the table's own credentials.
async fn alter(workflow_id: &str, version: u32) {
    let client = aws_sdk_dynamodb::Client::new(&aws().await);
    let table = WORLD.output("LogTableName");
    let key = [("pk", format!("default#{workflow_id}")), ("entry", format!("v#{version:010}"))];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
    let found = client.get_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    let mut item = found.item.unwrap();
    item.insert("reason".to_owned(), AttributeValue::S("nobody said so".to_owned()));
    client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

/// Starts an execution past everybody who would claim it first.
fn execute(name: &str, document: &Value) {
    let (machine, document) = (WORLD.output("RecoveryMachineArn"), document.to_string());
    cli(&["stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", name, "--input", &document]);
}

/// What people find of an execution that ended badly.
async fn put_aside(name: &str) -> Value {
    let of_it = |event: &Value| event["detail"]["name"] == name;
    FAILED_RECOVERIES.until(of_it, |events| !events.is_empty()).await.swap_remove(0)
}

#[tokio::test]
async fn an_execution_that_ends_badly_becomes_a_dead_letter() {
    execute("stray", &json!({"delay_seconds": 0, "next": "wander"}));
    let event = put_aside("stray").await;
    let (status, error) = (&event["detail"]["status"], &event["detail"]["error"]);
    assert_eq!((status, error), (&json!("FAILED"), &json!("UnknownTurn")));
}

#[tokio::test]
async fn an_error_that_a_turn_cannot_get_over_is_caught_and_handed_to_record() {
    // No turn can read this, Record's neither.
    execute("senseless", &json!({"delay_seconds": 0, "next": "assess", "steps": "none"}));
    let error = put_aside("senseless").await["detail"]["error"].clone();
    let history = history_of("senseless");
    let recording = history.iter().find(|event| event["stateEnteredEventDetails"]["name"] == "RecordOutcome").unwrap();
    let document = recording["stateEnteredEventDetails"]["input"].as_str().unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(
        (&document["next"], &document["steps"]),
        (&json!("record"), &json!("none")),
        "nothing is lost: {document}"
    );
    assert_eq!((&document["outcome"]["status"], &document["outcome"]["error"]), (&json!("gave-up"), &error));
    assert!(document["outcome"]["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{document}");
}

#[tokio::test]
async fn a_recovery_of_a_missing_workflow_or_another_tenant_s_is_not_started() {
    Person::everybody().create("mine").await.expect(201);
    let nothing = json!({});
    Person::everybody().post("/workflows/nowhere/recovery", &nothing).await.refused(404, "workflow-not-found");
    let elsewhere = Person::with_claims(&json!({"sub": "eve", "tenant_id": "elsewhere", "roles": ["supervisor"]}));
    elsewhere.post("/workflows/mine/recovery", &nothing).await.refused(404, "workflow-not-found");
    let analyst = Person::with_roles("andy", &["analyst"]);
    analyst.post("/workflows/mine/recovery", &nothing).await.refused(403, "forbidden");
    let told = Person::everybody().get("/workflows/mine/recovery").await.expect(200);
    assert_eq!(told["status"], "none", "{told}");
}

#[tokio::test]
async fn a_sweep_may_do_what_it_has_to() {
    let alias = WORLD.resource("SweepWorkflowsFunctionAliaslive");
    let answer = cli(&["lambda", "invoke", "--function-name", alias, "--payload", "{}", "/dev/null"]);
    assert_eq!(answer["FunctionError"], Value::Null, "{answer}");
}
