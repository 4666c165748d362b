//! The contract of the log for the laboratory's JSON: every value is returned unchanged, to the last digit.
//!
//! Compared as text, because `0.0 == -0.0`, and because a reader sees the text.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::is_intact;
use alims_domain::json::ValidationContext;
use alims_domain::limits::{JSON_DEPTH_MAX, METADATA_BYTES_MAX};
use alims_operations::ports::WorkflowLog;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::log::a_fresh_key;
use crate::builders::{a_created_of, sealed, with_metadata};
use crate::odd_documents;

async fn comes_back<L: WorkflowLog>(log: &L, value: Value) {
    let version = with_metadata(&a_created_of(&a_fresh_key()), &value);
    log.append(&version).await.unwrap();
    let stored = log.head(&version.event.key()).await.unwrap().unwrap();
    assert_eq!(text(Value::Object(stored.event.metadata.as_object().clone())), text(value));
    assert_eq!(stored, version);
    assert!(is_intact(&stored.event));
}

/// The text of a value with its members sorted: in which order they come means nothing in JSON.
fn text(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

/// Numbers that other number formats change.
pub async fn odd_numbers_come_back_as_they_went_in<L: WorkflowLog>(log: L) {
    let numbers = json!([
        0,
        -0.0,
        0.0,
        1,
        1.0,
        1.5,
        -1,
        1e300,
        -1e-300,
        5e-324,
        1.7976931348623157e308,
        0.1,
        0.30000000000000004,
        1e21,
        1e22,
        1e23,
        123456789012345680.0,
        9007199254740991_i64,
        9007199254740992_i64,
        -9007199254740992_i64,
        i64::MIN,
        u64::MAX,
        3.141592653589794,
        2.2250738585072014e-308
    ]);
    comes_back(&log, json!({ "numbers": numbers })).await;
}

/// Two thousand floating-point numbers of any size, from a seed.
pub async fn random_numbers_come_back_as_they_went_in<L: WorkflowLog>(log: L) {
    let mut rng = Rng::with_seed(11);
    let any = std::iter::repeat_with(|| f64::from_bits(rng.u64(..))).filter(|number| number.is_finite());
    let numbers: Vec<f64> = any.take(2000).collect();
    comes_back(&log, json!({ "numbers": numbers })).await;
    let common: Vec<f64> = std::iter::repeat_with(|| rng.f64() * 1000.0).take(2000).collect();
    comes_back(&log, json!({ "numbers": common })).await;
}

/// Texts and member names that keys, expressions or encodings might stumble over.
pub async fn odd_texts_and_names_come_back_as_they_went_in<L: WorkflowLog>(log: L) {
    let value = json!({
        "": "an empty name",
        "empty": "",
        "#a": ":a",
        "a.b[0]": "a path",
        "pk": "not the key",
        "S": {"N": "1"},
        "control": "\u{0}\u{1}\t\n\r\u{7f}",
        "quotes": "\"\\/'`",
        "Ω≈ç√": "日本語 🧪 e\u{301} \u{202e}rtl\u{202c} \u{10ffff}",
        "null": null,
        "true": true,
        "z": 1, "a": 2, "Z": 3
    });
    comes_back(&log, value).await;
}

/// Names that a library gives a meaning where it reads something else, in every place.
pub async fn odd_documents_come_back_as_they_went_in<L: WorkflowLog>(log: L) {
    for document in odd_documents::some_free(200, 5) {
        let with_document = with_metadata(&a_created_of(&a_fresh_key()), &Value::Object(document.object.clone()));
        let context = Some(ValidationContext::new(document.object).unwrap());
        let version = sealed(WorkflowEvent { validation_context: context, ..with_document.event });
        log.append(&version).await.unwrap();
        assert_eq!(log.head(&version.event.key()).await.unwrap(), Some(version), "{}", document.text);
    }
}

/// Nothing, and as much within one another as is allowed.
pub async fn empty_and_deep_objects_come_back_as_they_went_in<L: WorkflowLog>(log: L) {
    comes_back(&log, json!({})).await;
    comes_back(&log, json!({"object": {}, "list": [], "lists": [[], [[]], {}]})).await;
    comes_back(&log, (1..JSON_DEPTH_MAX).fold(json!({}), |inner, _| json!({ "in": inner }))).await;
    comes_back(&log, json!({ "in": (2..JSON_DEPTH_MAX).fold(json!([]), |inner, _| json!([inner])) })).await;
}

/// Exactly as many bytes as are allowed, in one text and in very many members.
pub async fn the_largest_metadata_comes_back_as_it_went_in<L: WorkflowLog>(log: L) {
    let frame = json!({"text": ""}).to_string().len();
    let text = json!({"text": "x".repeat(METADATA_BYTES_MAX - frame)});
    assert_eq!(text.to_string().len(), METADATA_BYTES_MAX);
    comes_back(&log, text).await;
    // `"m0000":0,` is ten bytes.
    let members: Map<String, Value> =
        (0..METADATA_BYTES_MAX / 10 - 1).map(|n| (format!("m{n:04}"), json!(0))).collect();
    comes_back(&log, Value::Object(members)).await;
}
