//! The handler of publish-events: a batch of the log's stream in, the records that are to come again out.

use alims_dynamodb::stream_record;
use alims_operations::ports::{DeadLetters, EventBus, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::{Publishing, publish_events as operation};
use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};

/// Publishes what one batch rings for.
///
/// The stream goes on from the first record that is reported as failed; a report without a sequence number makes the
/// whole batch come again, which is right for a record that cannot be named.
pub async fn publish_events<L, I, B, D>(
    ports: &Publishing<L, I, B>,
    dead_letters: &D,
    event: Event,
) -> DynamoDbEventResponse
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    D: DeadLetters,
{
    let batch = event.records.into_iter().map(stream_record).collect();
    let published = operation::publish_events(ports, dead_letters, batch).await;
    for failed in &published.failed {
        tracing::warn!(
            operation = "publish-events",
            sequence_number = failed.sequence_number,
            why = failed.why,
            "a record is to come again"
        );
    }
    for letter in &published.dead {
        tracing::error!(
            operation = "publish-events",
            sequence_number = letter.sequence_number,
            key = letter.key,
            why = letter.why,
            "a record was put aside"
        );
    }
    tracing::info!(operation = "publish-events", events = published.accepted, "published");
    let mut response = DynamoDbEventResponse::default();
    for failed in published.failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(failed.sequence_number);
        response.batch_item_failures.push(failure);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_operations::ports::{BusError, DeadLetter};
    use alims_testing::{MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog};
    use serde_json::{Value, json};

    struct NowhereToPut;

    impl DeadLetters for NowhereToPut {
        async fn put(&self, _: &DeadLetter) -> Result<(), BusError> {
            Err(BusError("down on purpose".into()))
        }
    }

    fn ports() -> Publishing<MemoryLog, MemoryIndex, MemoryBus> {
        Publishing { log: MemoryLog::default(), index: MemoryIndex::default(), bus: MemoryBus::default() }
    }

    fn event(records: &[Value]) -> Event {
        serde_json::from_value(json!({"Records": records})).expect("an event of the stream")
    }

    fn record(sequence_number: &str, name: &str, entry: &str) -> Value {
        let key = json!({"pk": {"S": "lab#wf-1"}, "entry": {"S": entry}});
        json!({
            "awsRegion": "eu-central-1", "eventID": "1", "eventName": name, "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "dynamodb": {"ApproximateCreationDateTime": 1_795_421_700, "Keys": key, "NewImage": key,
                         "SequenceNumber": sequence_number, "SizeBytes": 26, "StreamViewType": "NEW_IMAGE"}
        })
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_put_aside_and_blocks_nobody() {
        let letters = MemoryDeadLetters::default();
        let batch = event(&[record("1", "INSERT", "v#0000000001"), record("2", "MODIFY", "v#0000000001")]);
        let response = publish_events(&ports(), &letters, batch).await;
        assert_eq!(response.batch_item_failures, []);
        let put_aside: Vec<String> = letters.all().into_iter().map(|letter| letter.sequence_number).collect();
        assert_eq!(put_aside, ["1"]);
    }

    #[tokio::test]
    async fn a_record_that_can_be_neither_published_nor_put_aside_is_to_come_again() {
        let batch = event(&[record("1", "MODIFY", "v#0000000001"), record("2", "INSERT", "v#0000000001")]);
        let response = publish_events(&ports(), &NowhereToPut, batch).await;
        let told = serde_json::to_value(&response).expect("JSON");
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_named_fails_the_whole_batch() {
        let mut unnamed = record("", "INSERT", "v#0000000001");
        unnamed["dynamodb"].as_object_mut().expect("a change").remove("SequenceNumber");
        let response = publish_events(&ports(), &NowhereToPut, event(&[unnamed])).await;
        let told = serde_json::to_value(&response).expect("JSON");
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": ""}]}));
    }
}
