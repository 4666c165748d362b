//! Answers that a store gives rarely, told by a script: failures, keys left unprocessed, pages without items.

use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::overdue::Deadline;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{
    AppendError, IndexCount, LogError, OverdueLog, StoreError, VersionsAt, WorkflowIndex, WorkflowLog,
};
use alims_testing::builders::{a_created, a_key, an_overdue, at, version};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

use crate::golden::{Kind, golden, values};
use crate::on_dynoxide;

/// What was asked so far: the operation and its request.
pub(crate) type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A store that answers by the number of the request, counted from 0, and remembers what it was asked.
pub(crate) async fn a_store(answer: fn(usize) -> (u16, Value)) -> (aws_sdk_dynamodb::Client, Asked) {
    let asked = Asked::default();
    let remembered = asked.clone();
    let respond = move |headers: HeaderMap, body: String| async move {
        let mut asked = remembered.lock().unwrap();
        let target = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let (status, answer) = answer(asked.len());
        asked.push((target, serde_json::from_str(&body).unwrap()));
        (StatusCode::from_u16(status).unwrap(), [("content-type", "application/x-amz-json-1.0")], answer.to_string())
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(respond);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (on_dynoxide::client_of(&endpoint), asked)
}

fn targets(asked: &Asked) -> Vec<String> {
    asked.lock().unwrap().iter().map(|(target, _)| target.clone()).collect()
}

fn failure(code: &str) -> Value {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "as the script says"})
}

async fn head_of(store: (aws_sdk_dynamodb::Client, Asked)) -> Result<(), StoreError> {
    match DynamoLog::new(store.0, "log").head(&a_key("w-1")).await {
        Ok(_) => Ok(()),
        Err(LogError::Store(error)) => Err(error),
        Err(error @ LogError::Unreadable { .. }) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_failure_that_may_pass_is_unavailable() {
    let answers: [fn(usize) -> (u16, Value); 10] = [
        |_| (400, failure("ProvisionedThroughputExceededException")),
        |_| (400, failure("ThrottlingException")),
        |_| (400, failure("RequestLimitExceeded")),
        |_| (400, failure("ReplicatedWriteConflictException")),
        |_| (400, failure("TransactionConflictException")),
        |_| (429, failure("SlowDown")),
        |_| (500, failure("InternalServerError")),
        |_| (503, failure("Whatever")),
        |_| (200, json!("no answer to this question")),
        |_| (400, json!("{\"__type\": \"com.amazonaws.dynamodb")),
    ];
    for answer in answers {
        let outcome = head_of(a_store(answer).await).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{:?}: {outcome:?}", answer(0));
    }
}

#[tokio::test]
async fn a_failure_that_will_not_pass_is_refused() {
    let answers: [fn(usize) -> (u16, Value); 4] = [
        |_| (400, failure("ValidationException")),
        |_| (400, failure("ResourceNotFoundException")),
        |_| (400, failure("AccessDeniedException")),
        |_| (400, failure("SomethingNew")),
    ];
    for answer in answers {
        let outcome = head_of(a_store(answer).await).await;
        assert!(matches!(outcome, Err(StoreError::Refused(_))), "{:?}: {outcome:?}", answer(0));
    }
}

#[tokio::test]
async fn a_store_that_nobody_answers_for_is_unavailable() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcome = head_of((on_dynoxide::client_of(&endpoint), Asked::default())).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_missing_table_is_refused_by_the_real_store_too() {
    let client = on_dynoxide::client().await;
    let outcome = DynamoLog::new(client, "nowhere").append(&a_created("w-1")).await;
    assert!(matches!(outcome, Err(AppendError::Store(StoreError::Refused(_)))), "{outcome:?}");
}

fn unprocessed(ids: &[&str]) -> Value {
    let keys: Vec<Value> = ids.iter().map(|id| json!({"pk": {"S": format!("default#{id}")}})).collect();
    json!({"Responses": {"index": []}, "UnprocessedKeys": {"index": {"Keys": keys}}})
}

#[tokio::test]
async fn keys_left_unprocessed_are_asked_for_again() {
    let (client, asked) = a_store(|number| match number {
        0 => (200, unprocessed(&["w-1", "w-2"])),
        1 => (200, unprocessed(&["w-2"])),
        _ => (200, json!({"Responses": {"index": []}, "UnprocessedKeys": {}})),
    })
    .await;
    let keys = ["w-1", "w-2", "w-3"].map(a_key);
    assert!(DynamoIndex::new(client, "index").entries(&keys).await.unwrap().is_empty());
    let wanted: Vec<usize> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|(_, request)| request["RequestItems"]["index"]["Keys"].as_array().unwrap().len())
        .collect();
    assert_eq!(wanted, [3, 2, 1]);
}

#[tokio::test]
async fn keys_left_unprocessed_for_ever_make_the_store_unavailable() {
    let (client, asked) = a_store(|_| (200, unprocessed(&["w-1"]))).await;
    let outcome = DynamoIndex::new(client, "index").entries(&[a_key("w-1")]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(targets(&asked).len(), 6, "asked once and five times again");
}

#[tokio::test]
async fn a_page_without_items_is_not_the_end() {
    let (client, asked) = a_store(|number| match number {
        0 => (200, json!({"Items": [], "LastEvaluatedKey": {"pk": {"S": "default#w-1"}, "entry": {"S": "v#1"}}})),
        _ => (200, json!({"Items": []})),
    })
    .await;
    let versions = DynamoLog::new(client, "log").versions(&a_key("w-1"), Version::FIRST, 10).await;
    assert_eq!(versions.unwrap(), []);
    assert_eq!(asked.lock().unwrap()[1].1["ExclusiveStartKey"]["entry"]["S"], "v#1");
}

/// The versions at three places of the golden workflow.
async fn versions_at(answer: fn(usize) -> (u16, Value)) -> (Result<VersionsAt, StoreError>, Asked) {
    let (client, asked) = a_store(answer).await;
    let keys = [3, 1, 2].map(|number| (values::key(), version(number)));
    (DynamoLog::new(client, "log").versions_at(&keys).await, asked)
}

fn answered(kinds: &[Kind], left: &[Kind]) -> (u16, Value) {
    let items: Vec<Value> = kinds.iter().map(|kind| golden(*kind)).collect();
    let key = |kind: &Kind| json!({"pk": {"S": kind.key()[0]}, "entry": {"S": kind.key()[1]}});
    let left: Vec<Value> = left.iter().map(key).collect();
    let left = if left.is_empty() { json!({}) } else { json!({"log": {"Keys": left}}) };
    (200, json!({"Responses": {"log": items}, "UnprocessedKeys": left}))
}

#[tokio::test]
async fn versions_at_many_places_come_in_any_order_and_after_any_number_of_answers() {
    let expected: VersionsAt = [values::created(), values::active(), values::moved()]
        .map(|stored| ((stored.event.key(), stored.event.version), stored))
        .into();
    type Answer = fn(usize) -> (u16, Value);
    let answers: [(Answer, usize); 3] = [
        (|_| answered(&[Kind::VersionActive, Kind::VersionMoved, Kind::VersionCreated], &[]), 1),
        (
            |number| match number {
                0 => answered(&[Kind::VersionMoved], &[Kind::VersionActive, Kind::VersionCreated]),
                1 => answered(&[], &[Kind::VersionCreated, Kind::VersionActive]),
                _ => answered(&[Kind::VersionActive, Kind::VersionCreated], &[]),
            },
            3,
        ),
        // The same one again changes nothing.
        (|_| answered(&[Kind::VersionCreated, Kind::VersionMoved, Kind::VersionActive, Kind::VersionMoved], &[]), 1),
    ];
    for (answer, calls) in answers {
        let (versions, asked) = versions_at(answer).await;
        assert!(versions.unwrap() == expected, "after {calls} calls");
        assert_eq!(targets(&asked), vec!["BatchGetItem"; calls]);
        let asked = asked.lock().unwrap();
        assert!(asked.iter().all(|(_, request)| request["RequestItems"]["log"]["ConsistentRead"] == true), "{asked:?}");
    }
}

#[tokio::test]
async fn of_versions_at_many_places_the_unreadable_are_left_out_and_a_newer_format_is_an_error() {
    let (versions, _) = versions_at(|_| {
        let mut altered = golden(Kind::VersionActive);
        altered["reason"] = json!({"S": "another"});
        let readable = [Kind::VersionMoved, Kind::VersionCreated].map(golden);
        (200, json!({"Responses": {"log": [altered, golden(Kind::UnreadableVersion), readable[0], readable[1]]}}))
    })
    .await;
    let found: Vec<Version> = versions.unwrap().into_keys().map(|(_, version)| version).collect();
    // An altered reason is spelt as this service would: only the hash shows it, to those who check.
    assert_eq!(found, [1, 2, 3].map(version));
    let (versions, _) = versions_at(|_| {
        let mut newer = golden(Kind::VersionActive);
        newer["format"] = json!({"N": "2"});
        (200, json!({"Responses": {"log": [golden(Kind::VersionCreated), newer]}}))
    })
    .await;
    assert!(matches!(versions, Err(StoreError::NewerFormat(_))), "{versions:?}");
    let (versions, _) = versions_at(|number| match number {
        0 => answered(&[Kind::VersionCreated], &[Kind::VersionActive]),
        _ => (503, failure("Whatever")),
    })
    .await;
    assert!(matches!(versions, Err(StoreError::Unavailable(_))), "a part is no answer: {versions:?}");
}

/// A count of one state with at most four reads.
async fn count_of(answer: fn(usize) -> (u16, Value)) -> (Result<IndexCount, StoreError>, Asked) {
    let (client, asked) = a_store(answer).await;
    let counted = DynamoIndex::new(client, "index").count(&a_key("w-1").tenant_id, State::Active, 4).await;
    (counted, asked)
}

/// The key of an entry, as far as a script needs one.
fn resumed_at(workflow_id: &str) -> Value {
    json!({"pk": {"S": format!("default#{workflow_id}")}})
}

#[tokio::test]
async fn a_count_adds_up_its_reads_and_asks_for_no_entries() {
    let (counted, asked) = count_of(|number| match number {
        0 => (200, json!({"Count": 500, "LastEvaluatedKey": resumed_at("w-1")})),
        1 => (200, json!({"Count": 0, "LastEvaluatedKey": resumed_at("w-2")})),
        _ => (200, json!({"Count": 7})),
    })
    .await;
    assert_eq!(counted.unwrap(), IndexCount { workflows: 507, complete: true });
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(target, request)| target == "Query" && request["Select"] == "COUNT"), "{asked:?}");
    let resumed: Vec<&Value> = asked.iter().map(|(_, request)| &request["ExclusiveStartKey"]).collect();
    assert_eq!(resumed, [&Value::Null, &resumed_at("w-1"), &resumed_at("w-2")]);
}

#[tokio::test]
async fn a_count_without_an_end_stops_after_its_reads_and_is_not_complete() {
    let (counted, asked) = count_of(|_| (200, json!({"Count": 2, "LastEvaluatedKey": resumed_at("w-1")}))).await;
    assert_eq!(counted.unwrap(), IndexCount { workflows: 8, complete: false });
    assert_eq!(targets(&asked), ["Query"; 4]);
}

#[tokio::test]
async fn a_count_that_fails_half_way_is_no_count() {
    let (counted, _) = count_of(|number| match number {
        0 => (200, json!({"Count": 2, "LastEvaluatedKey": resumed_at("w-1")})),
        _ => (503, failure("Whatever")),
    })
    .await;
    assert!(matches!(counted, Err(StoreError::Unavailable(_))), "{counted:?}");
}

#[tokio::test]
async fn every_read_of_the_log_is_consistent_and_every_write_is_conditional() {
    let (client, asked) = a_store(|_| (200, json!({}))).await;
    let log = DynamoLog::new(client, "log");
    log.head(&a_key("w-1")).await.unwrap();
    log.versions(&a_key("w-1"), Version::FIRST, 10).await.unwrap();
    log.refusals(&a_key("w-1"), None, 10).await.unwrap();
    log.append(&a_created("w-1")).await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked[..3].iter().all(|(target, request)| target == "Query" && request["ConsistentRead"] == true));
    let (target, put) = &asked[3];
    assert_eq!(target, "PutItem");
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(put["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

/// Half the price: a lookup that misses a new record costs the read of a workflow, and the write has a condition.
#[tokio::test]
async fn records_of_due_dates_are_looked_up_by_their_keys_until_each_was_processed() {
    fn key(number: i64) -> Value {
        json!({"pk": {"S": "default#w-1"}, "entry": {"S": format!("d#{}", at(number))}})
    }
    let (client, asked) = a_store(|number| match number {
        0 => (200, json!({"Responses": {"log": [key(1)]}, "UnprocessedKeys": {"log": {"Keys": [key(2), key(3)]}}})),
        1 => (200, json!({"Responses": {"log": [key(3)]}, "UnprocessedKeys": {}})),
        _ => (503, failure("Whatever")),
    })
    .await;
    let log = DynamoLog::new(client, "log");
    let deadline = |number| Deadline { key: a_key("w-1"), due_at: at(number) };
    let noted = log.overdue_noted(&[3, 1, 2, 1].map(deadline)).await.unwrap();
    assert_eq!(noted, [1, 3].map(deadline).into());
    let failed = log.overdue_noted(&[deadline(1)]).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    let asked = asked.lock().unwrap();
    let first = &asked[0].1["RequestItems"]["log"];
    assert_eq!(first["Keys"], json!([key(1), key(2), key(3)]), "each once");
    assert_eq!((&first["ConsistentRead"], &first["ProjectionExpression"]), (&Value::Null, &json!("#pk, #entry")));
    assert_eq!(asked[1].1["RequestItems"]["log"]["Keys"], json!([key(2), key(3)]));
}

#[tokio::test]
async fn the_write_of_a_record_of_a_due_date_is_conditional() {
    let (client, asked) = a_store(|_| (200, json!({}))).await;
    DynamoLog::new(client, "log").record_overdue(&an_overdue(&a_key("w-1"), at(1))).await.unwrap();
    let (target, put) = &asked.lock().unwrap()[0];
    assert_eq!(target, "PutItem");
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(pk)");
}

/// An item as the store writes it on the wire.
fn on_the_wire(value: &AttributeValue) -> Value {
    serde_json::to_value(serde_dynamo::AttributeValue::from(value.clone())).unwrap()
}

#[tokio::test]
async fn a_failed_condition_without_its_item_is_looked_up() {
    let (real, names) = on_dynoxide::tables().await;
    let (winner, loser) = (a_created("w-1"), a_created("w-1"));
    DynamoLog::new(real.clone(), &names.log).append(&winner).await.unwrap();
    let item = real.scan().table_name(&names.log).send().await.unwrap().items.unwrap().remove(0);
    let item: serde_json::Map<String, Value> =
        item.iter().map(|(name, value)| (name.clone(), on_the_wire(value))).collect();
    ITEM.set(Value::Object(item)).unwrap();

    let (client, asked) = a_store(|number| match number % 2 {
        0 => (400, failure("ConditionalCheckFailedException")),
        _ => (200, json!({"Items": [ITEM.get()]})),
    })
    .await;
    let log = DynamoLog::new(client, "log");
    log.append(&winner).await.unwrap();
    let refused = log.append(&loser).await;
    assert!(matches!(&refused, Err(AppendError::VersionTaken(taken)) if **taken == winner), "{refused:?}");
    assert_eq!(targets(&asked), ["PutItem", "Query", "PutItem", "Query"]);
}

/// The item of the test above, where its script finds it.
static ITEM: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
