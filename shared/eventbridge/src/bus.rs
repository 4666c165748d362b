//! Events as `PutEvents` entries. A successful call may still refuse entries, so the adapter checks each one's result.

use alims_domain::bus_event::BusEvent;
use alims_operations::ports::{BusError, Cause, EntryRefused, EventBus};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_types::SdkConfig;

/// The source that every event of this service names; rules match on it.
pub const SOURCE: &str = "alims.workflow-manager";

/// One event bus of Amazon EventBridge.
#[derive(Clone, Debug)]
pub struct EventBridgeBus {
    client: Client,
    bus: String,
}

/// The answer does not have one result for each entry, so no entry counts as accepted.
#[derive(Debug, thiserror::Error)]
#[error("PutEvents answered for {results} of {entries} entries")]
struct Unanswered {
    entries: usize,
    results: usize,
}

impl EventBridgeBus {
    /// The bus of this name.
    pub fn new(config: &SdkConfig, bus: impl Into<String>) -> Self {
        let config = aws_sdk_eventbridge::config::Builder::from(config)
            .timeout_config(crate::timeouts())
            .retry_config(crate::retries())
            .build();
        Self { client: Client::from_conf(config), bus: bus.into() }
    }

    fn entry(&self, event: &BusEvent) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(event.detail_type)
            .detail(&event.detail)
            .resources(format!("urn:alims:{}:{}", event.key.tenant_id, event.key.workflow_id))
            .time(DateTime::from_millis(event.at.unix_millis()))
            .build()
    }
}

impl EventBus for EventBridgeBus {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        if entries.is_empty() {
            // PutEvents refuses a call without entries.
            return Ok(Vec::new());
        }
        let request = entries.iter().map(|event| self.entry(event)).collect();
        let answer = self.client.put_events().set_entries(Some(request)).send().await;
        let answer = answer.map_err(|error| BusError(Cause::from(error)))?;
        let results: Vec<_> = answer.entries().iter().map(accepted).collect();
        if results.len() == entries.len() {
            Ok(results)
        } else {
            Err(BusError(Unanswered { entries: entries.len(), results: results.len() }.into()))
        }
    }
}

/// Only an event id is a confirmation.
fn accepted(entry: &PutEventsResultEntry) -> Result<(), EntryRefused> {
    match (entry.error_code(), entry.event_id()) {
        (None, Some(_)) => Ok(()),
        (Some(code), _) => Err(EntryRefused(format!("{code}: {}", entry.error_message().unwrap_or("no message")))),
        (None, None) => Err(EntryRefused("neither an event id nor an error".to_owned())),
    }
}
