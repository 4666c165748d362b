//! The swap to a restored table, as docs/operations.md says, and back: runs after all else, because what a restore loses
//! is no behaviour that the specification allows. The emulator restores no table, so a copy plays the restored one.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::people::Person;
use crate::world::{WORLD, aws, cli, events_of};

/// The stack, as `cargo xtask e2e` names it.
const STACK: &str = "alims";
const RESTORED: &str = "alims-restored-202611240300";
/// The parameters that tell the stack which table to use.
const OURS: [&str; 2] = ["RestoredLogTable", "RestoredLogStreamLabel"];

type Item = HashMap<String, AttributeValue>;

async fn all(client: &Client, table: &str) -> Vec<Item> {
    let pages = client.scan().table_name(table).consistent_read(true).into_paginator().items();
    pages.send().collect::<Result<_, _>>().await.unwrap()
}

fn described(table: &str) -> Value {
    cli(&["dynamodb", "describe-table", "--table-name", table])["Table"].take()
}

/// A table with the keys and indexes of the log and what the log holds now. A restored table has no stream either.
async fn restored(client: &Client, log: &str) {
    let log_s = described(log);
    let index = |index: &Value| json!({"IndexName": index["IndexName"], "KeySchema": index["KeySchema"], "Projection": index["Projection"]});
    let indexes: Vec<Value> = log_s["GlobalSecondaryIndexes"].as_array().unwrap().iter().map(index).collect();
    let table = json!({
        "TableName": RESTORED, "AttributeDefinitions": log_s["AttributeDefinitions"], "KeySchema": log_s["KeySchema"],
        "GlobalSecondaryIndexes": indexes, "BillingMode": "PAY_PER_REQUEST",
    });
    cli(&["dynamodb", "create-table", "--cli-input-json", &table.to_string()]);
    for item in all(client, log).await {
        client.put_item().table_name(RESTORED).set_item(Some(item)).send().await.unwrap();
    }
}

/// Gives the restored table the stream that the log has, and says how the stream is called.
fn streamed(log: &str) -> String {
    let view = described(log)["StreamSpecification"]["StreamViewType"].as_str().unwrap().to_owned();
    let stream = format!("StreamEnabled=true,StreamViewType={view}");
    cli(&["dynamodb", "update-table", "--table-name", RESTORED, "--stream-specification", &stream]);
    described(RESTORED)["LatestStreamLabel"].as_str().unwrap().to_owned()
}

/// Updates the stack so that it uses this table; none is its own.
fn swapped(table: &str, label: &str) {
    let stack = cli(&["cloudformation", "describe-stacks", "--stack-name", STACK]);
    let given = stack["Stacks"][0]["Parameters"].as_array().unwrap().iter();
    let names = given.map(|parameter| parameter["ParameterKey"].as_str().unwrap());
    let kept = names.filter(|name| !OURS.contains(name));
    let mut parameters: Vec<String> = kept.map(|name| format!("ParameterKey={name},UsePreviousValue=true")).collect();
    for (name, value) in OURS.into_iter().zip([table, label]) {
        parameters.push(format!("ParameterKey={name},ParameterValue={value}"));
    }
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let update = ["cloudformation", "update-stack", "--stack-name", STACK, "--use-previous-template"];
    let capabilities = ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameters"];
    cli(&[&update[..], &capabilities, &parameters].concat());
    cli(&["cloudformation", "wait", "stack-update-complete", "--stack-name", STACK]);
}

/// The table in use, as the stack's output says.
fn table_in_use() -> String {
    let stack = cli(&["cloudformation", "describe-stacks", "--stack-name", STACK]);
    let outputs = stack["Stacks"][0]["Outputs"].as_array().unwrap().clone();
    let named = outputs.iter().find(|output| output["OutputKey"] == "LogTableName").unwrap();
    named["OutputValue"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_service_works_on_a_restored_log_and_on_its_own_again() {
    let client = Client::new(&aws().await);
    let log = WORLD.output("LogTableName");
    let alice = Person::everybody();
    alice.create("restored-1").await.expect(201);
    alice.go("restored-1", "ACTIVE").await.expect(200);
    events_of("restored-1", 2).await;
    restored(&client, log).await;
    // This version comes after the restore point.
    alice.go("restored-1", "PAUSED").await.expect(200);
    events_of("restored-1", 3).await;

    swapped(RESTORED, &streamed(log));
    assert_eq!(table_in_use(), RESTORED);
    let state = alice.get("/workflows/restored-1").await.expect(200);
    assert_eq!((&state["current_state"], &state["version"]), (&json!("ACTIVE"), &json!(2)));
    let verified = alice.get("/workflows/restored-1/history/verification").await.expect(200);
    assert_eq!(verified["valid"], false, "the index is the witness of the lost version: {verified}");
    // What is new stands in the restored table, and its stream reaches the publisher.
    alice.create("restored-2").await.expect(201);
    alice.go("restored-2", "ACTIVE").await.expect(200);
    let events = events_of("restored-2", 2).await;
    let versions: Vec<&Value> = events.iter().map(|event| &event["detail"]["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2)]);

    swapped("", "");
    assert_eq!(table_in_use(), log);
    let state = alice.get("/workflows/restored-1").await.expect(200);
    assert_eq!((&state["current_state"], &state["version"]), (&json!("PAUSED"), &json!(3)));
    alice.get("/workflows/restored-2").await.refused(404, "workflow-not-found");
    alice.create("restored-3").await.expect(201);
    events_of("restored-3", 1).await;
}
