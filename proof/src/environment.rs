//! AWS in this process: the embedded `DynamoDB` and an event bus, one call after another.
//!
//! It answers what the SDK sends, byte for byte, and remembers what a test wants to know of it: the notifications that the
//! log's stream would deliver, and the events in the order in which the bus accepted them.

use alims_faults::Service;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The log's table.
pub const LOG: &str = "WorkflowLog";
/// The index's table.
pub const INDEX: &str = "WorkflowIndex";

/// The services and what they remember.
pub struct Environment {
    database: Database,
    /// Records of the log's stream, in the form in which Lambda hands them over.
    notifications: Mutex<Vec<Value>>,
    /// The details of the accepted events.
    accepted: Mutex<Vec<Value>>,
    /// Whether writes lose their conditions, for a store that is broken on purpose.
    unconditional: AtomicBool,
}

impl Environment {
    /// Empty tables, still to be made, and an empty bus.
    ///
    /// # Panics
    /// When there is no database to be had.
    #[must_use]
    pub fn new() -> Self {
        let database = Database::memory().expect("a database in memory");
        Self {
            database,
            notifications: Mutex::default(),
            accepted: Mutex::default(),
            unconditional: AtomicBool::new(false),
        }
    }

    /// Every record of the log's stream so far.
    #[must_use]
    pub fn notifications(&self) -> Vec<Value> {
        self.notifications.lock().unwrap().clone()
    }

    /// The records of the log's stream from this place on.
    #[must_use]
    pub fn notifications_from(&self, place: usize) -> Vec<Value> {
        self.notifications.lock().unwrap().iter().skip(place).cloned().collect()
    }

    /// The details of the events that the bus accepted, in that order.
    #[must_use]
    pub fn accepted(&self) -> Vec<Value> {
        self.accepted.lock().unwrap().clone()
    }

    /// The events that the bus accepted from this place on.
    #[must_use]
    pub fn accepted_from(&self, place: usize) -> Vec<Value> {
        self.accepted.lock().unwrap().iter().skip(place).cloned().collect()
    }

    /// From here on writes are carried out whatever their condition says.
    pub fn forget_conditions(&self) {
        self.unconditional.store(true, Ordering::Relaxed);
    }

    fn on_tables(&self, operation: &str, body: &str) -> (u16, String) {
        let database = &self.database;
        match operation {
            "CreateTable" => asked(body, |request| database.create_table(request)),
            "DescribeTable" => asked(body, |request| database.describe_table(request)),
            "PutItem" => self.put_item(body),
            "DeleteItem" => asked(body, |request| database.delete_item(request)),
            "Query" => asked(body, |request| database.query(request)),
            "BatchGetItem" => asked(body, |request| database.batch_get_item(request)),
            other => (400, json!({"__type": "UnknownOperationException", "message": other}).to_string()),
        }
    }

    fn put_item(&self, body: &str) -> (u16, String) {
        let mut request: Value = serde_json::from_str(body).expect("a request of the SDK is JSON");
        if self.unconditional.load(Ordering::Relaxed)
            && let Some(members) = request.as_object_mut()
        {
            members.retain(|name, _| name != "ConditionExpression" && !name.starts_with("ExpressionAttribute"));
        }
        let (status, answer) = asked(&request.to_string(), |request| self.database.put_item(request));
        if status == 200 && request["TableName"] == LOG {
            self.deliver("INSERT", &request["Item"], None);
        }
        (status, answer)
    }

    fn deliver(&self, event_name: &str, item: &Value, before: Option<&Value>) -> Value {
        let mut notifications = self.notifications.lock().unwrap();
        let record = record_of(event_name, item, before, notifications.len());
        notifications.push(record.clone());
        record
    }

    /// Puts another name on a stored version as of the one who had asked for it, which no identity may do and no service
    /// would notice but for the stream. Gives back what is stored then, as the stream would deliver it if it were new, and
    /// the record of the change, which it delivers.
    ///
    /// # Panics
    /// When there is no such version.
    pub fn alter(&self, partition: &str, entry: &str, name: &str) -> (Value, Value) {
        let key = json!({"pk": {"S": partition}, "entry": {"S": entry}});
        let get = json!({"TableName": LOG, "Key": key}).to_string();
        let (_, found) = asked(&get, |request| self.database.get_item(request));
        let found: Value = serde_json::from_str(&found).expect("an answer is JSON");
        let before = found["Item"].clone();
        let mut item = before.clone();
        assert!(item.is_object(), "there is no {entry} of {partition}");
        item["requested_by"] = json!({"S": name});
        let put = json!({"TableName": LOG, "Item": item}).to_string();
        let (status, answer) = asked(&put, |request| self.database.put_item(request));
        assert_eq!(status, 200, "{answer}");
        (record_of("INSERT", &item, None, 0), self.deliver("MODIFY", &item, Some(&before)))
    }

    fn put_events(&self, body: &str) -> (u16, String) {
        let request: Value = serde_json::from_str(body).expect("a request of the SDK is JSON");
        let mut accepted = self.accepted.lock().unwrap();
        let mut entries = Vec::new();
        for entry in request["Entries"].as_array().into_iter().flatten() {
            let detail = entry["Detail"].as_str().expect("an entry has a detail");
            accepted.push(serde_json::from_str(detail).expect("a detail is JSON"));
            entries.push(json!({"EventId": accepted.len().to_string()}));
        }
        (200, json!({"FailedEntryCount": 0, "Entries": entries}).to_string())
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl Service for Environment {
    fn answer(&self, target: &str, body: &str) -> (u16, String) {
        match target.split_once('.') {
            Some(("AWSEvents", "PutEvents")) => self.put_events(body),
            Some((_, operation)) => self.on_tables(operation, body),
            None => (400, json!({"__type": "UnknownOperationException"}).to_string()),
        }
    }
}

fn record_of(event_name: &str, item: &Value, before: Option<&Value>, number: usize) -> Value {
    let keys = json!({"pk": item["pk"], "entry": item["entry"]});
    json!({
        "awsRegion": "proof", "eventID": number.to_string(), "eventName": event_name, "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"ApproximateCreationDateTime": 1_795_421_700, "Keys": keys, "NewImage": item, "OldImage": before,
                     "SequenceNumber": format!("{number:021}"), "SizeBytes": 1,
                     "StreamViewType": "NEW_AND_OLD_IMAGES"},
    })
}

fn asked<T: DeserializeOwned, A: Serialize>(
    body: &str,
    work: impl FnOnce(T) -> Result<A, DynoxideError>,
) -> (u16, String) {
    let request = serde_json::from_str(body).expect("a request of the SDK is what the database reads");
    match work(request) {
        Ok(answer) => (200, serde_json::to_string(&answer).expect("an answer is JSON")),
        Err(error) => (error.status_code(), error.to_json()),
    }
}
