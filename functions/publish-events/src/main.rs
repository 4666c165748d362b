//! Wires publish-events.

use alims_operations::Publishing;
use alims_runtime::{aws_config, consume, start, warm_index};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let aws = aws_config().await;
    let client = alims_dynamodb::client(&aws);
    let log = alims_dynamodb::DynamoLog::new(client.clone(), settings.log_table()?);
    let index = alims_dynamodb::DynamoIndex::new(client, settings.index_table()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let dead_letters = alims_eventbridge::SqsDeadLetters::new(&aws, settings.dead_letter_queue_url()?);
    let ports = Publishing { log, index, bus };
    warm_index(&ports.index).await;
    consume(|event| publish_events::publish_events(&ports, &dead_letters, event)).await
}
