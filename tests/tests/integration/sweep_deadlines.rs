//! sweep-deadlines, which a timer calls: it publishes that a workflow is overdue, once for each due date.

use alims_domain::event::WorkflowEvent;
use alims_dynamodb::DynamoLog;
use alims_local::Config;
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, sealed};
use serde_json::{Value, json};
use std::time::Duration;

use crate::lab::Lab;

/// Long past, whatever the clock of this machine says.
const DUE: &str = "2020-01-31T12:00:00.000Z";

/// Appends a new workflow with that due date to the log, as the service would.
async fn create_due(lab: &Lab, id: &str) {
    let log = DynamoLog::new(lab.dynamodb(), "WorkflowLog");
    let due_at = Some(DUE.parse().unwrap());
    log.append(&sealed(WorkflowEvent { due_at, ..a_created(id).event })).await.unwrap();
}

fn overdue(id: &str) -> impl Fn(&Value) -> bool {
    move |line: &Value| line["detail-type"] == "WorkflowOverdue" && line["detail"]["workflow_id"] == id
}

#[tokio::test]
async fn an_overdue_workflow_is_published_once_and_shown_in_its_history() {
    let lab = Lab::open_as(|config| Config { sweep_deadlines_every: Duration::from_millis(100), ..config }).await;
    let sue = lab.everybody();
    create_due(&lab, "first").await;
    let event = lab.archived(overdue("first")).await;
    assert_eq!((&event["detail"]["due_at"], &event["detail"]["version"]), (&json!(DUE), &json!(1)));
    // Each event of another workflow shows that a later sweep has ended its walk.
    for id in ["second", "third"] {
        create_due(&lab, id).await;
        lab.archived(overdue(id)).await;
    }
    let of_first = lab.archive().into_iter().filter(overdue("first")).count();
    assert_eq!(of_first, 1);
    let history = sue.get("/workflows/first/history?include=overdue").await.expect(200);
    let items = history["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{history}");
    assert_eq!(items[1], event["detail"]);
    let without = sue.get("/workflows/first/history").await.expect(200);
    assert_eq!(without["items"].as_array().unwrap().len(), 1);
}

/// The record is in the log: a server that starts again finds it.
#[tokio::test]
async fn a_restarted_server_makes_no_second_event() {
    let lab = Lab::open_as(|config| Config { sweep_deadlines_every: Duration::from_millis(100), ..config }).await;
    create_due(&lab, "first").await;
    lab.archived(overdue("first")).await;
    let lab = lab.restarted().await;
    create_due(&lab, "second").await;
    lab.archived(overdue("second")).await;
    assert_eq!(lab.archive().into_iter().filter(overdue("first")).count(), 1);
}
