//! Wires publish-events.

use alims_operations::PublishPorts;
use alims_operations::publish_events::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, consume, start, warm_index};
use alims_store::{Store, publish_batch};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let aws = aws_config().await;
    let store = Store::chosen_by(settings, &aws);
    let (log, index) = (store.log()?, store.index()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let dead_letters = alims_eventbridge::SqsDeadLetters::new(&aws, settings.dead_letter_queue_url()?);
    let publishing = PublishPorts { log, index, bus };
    warm_index(&publishing.index).await;
    let ports = Ports { publishing, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    let publish = |batch| publish_events::publish_events(&ports, &dead_letters, batch);
    consume(|event| publish_batch(event, publish)).await
}
