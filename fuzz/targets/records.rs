//! Records of the log's stream: the JSON of a new item, under the key that it has.
#![no_main]

use alims_dynamodb::stream_record;
use aws_lambda_events::event::dynamodb::EventRecord;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

fuzz_target!(|bytes: &[u8]| {
    let Ok(item) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let record = json!({
        "awsRegion": "local", "eventID": "1", "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_421_700.0,
            "Keys": {"pk": item.get("pk"), "entry": item.get("entry")},
            "NewImage": item, "SequenceNumber": "100", "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
        },
    });
    // What is no record at all never reaches the function.
    if let Ok(record) = serde_json::from_value::<EventRecord>(record) {
        drop(stream_record(record));
    }
});
