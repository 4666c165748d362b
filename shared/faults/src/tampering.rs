//! Faults inside a request and its answer: refused entries, unprocessed keys, a withheld item.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Removes refused entries from a `PutEvents` request and returns them, at least one. No request when all are refused.
pub(crate) fn refuse_entries(body: &str, rng: &mut Rng) -> (Option<String>, Vec<bool>) {
    let mut request: Value = serde_json::from_str(body).expect("a request of the SDK is JSON");
    let entries = request["Entries"].as_array_mut().expect("PutEvents has entries");
    let unlucky = rng.usize(..entries.len());
    let refused: Vec<bool> = (0..entries.len()).map(|place| place == unlucky || rng.bool()).collect();
    let mut places = refused.iter();
    entries.retain(|_| !places.next().copied().unwrap_or_default());
    let nothing = entries.is_empty();
    ((!nothing).then(|| request.to_string()), refused)
}

/// The answer for all entries, from that for those which were taken.
pub(crate) fn with_refusals(answer: &str, refused: &[bool], code: &str) -> String {
    let taken: Value = serde_json::from_str(answer).unwrap_or_default();
    let mut taken = taken["Entries"].as_array().cloned().unwrap_or_default().into_iter();
    let no = || json!({"ErrorCode": code, "ErrorMessage": "refused on purpose"});
    let entries: Vec<Value> =
        refused.iter().map(|refused| if *refused { no() } else { taken.next().unwrap_or_else(no) }).collect();
    let failed = refused.iter().filter(|refused| **refused).count();
    json!({"FailedEntryCount": failed, "Entries": entries}).to_string()
}

/// Removes keys from a `BatchGetItem` request, at least one of each table, and returns those that the answer must list
/// as unprocessed. No request when no key is left.
pub(crate) fn leave_keys(body: &str, rng: &mut Rng) -> (Option<String>, Value) {
    let mut request: Value = serde_json::from_str(body).expect("a request of the SDK is JSON");
    let tables = request["RequestItems"].as_object_mut().expect("BatchGetItem has tables");
    let mut left = Map::new();
    for (table, wanted) in tables.iter_mut() {
        let keys = wanted["Keys"].as_array_mut().expect("a table has keys");
        let unlucky = rng.usize(..keys.len());
        let mut place = 0;
        let mut unprocessed = Vec::new();
        keys.retain(|key| {
            let leave = place == unlucky || rng.bool();
            place += 1;
            if leave {
                unprocessed.push(key.clone());
            }
            !leave
        });
        left.insert(table.clone(), json!({"Keys": unprocessed}));
    }
    tables.retain(|_, wanted| wanted["Keys"].as_array().is_some_and(|keys| !keys.is_empty()));
    let nothing = tables.is_empty();
    ((!nothing).then(|| request.to_string()), Value::Object(left))
}

/// The answer that names keys as unprocessed.
pub(crate) fn with_unprocessed(answer: &str, left: Value) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap_or_default();
    if !answer.is_object() {
        answer = json!({"Responses": {}});
    }
    answer["UnprocessedKeys"] = left;
    answer.to_string()
}

/// A failed condition without the item that made it fail.
pub(crate) fn without_item(answer: &str) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap_or_default();
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("Item");
    }
    answer.to_string()
}
