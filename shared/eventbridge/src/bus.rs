//! Events as `PutEvents` entries. A successful call may still refuse entries, so the adapter checks each one's result.

use alims_domain::bus_event::BusEvent;
use alims_operations::ports::{BusError, Cause, EntryRefused, EventBus, RefusedForGood};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_types::SdkConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The source that every event of this service names; rules match on it.
pub const SOURCE: &str = "alims.workflow-manager";

/// Codes of an entry that the bus never accepts, whatever an operator changes (Amazon EventBridge API reference,
/// `PutEventsResultEntry`). The page calls four more codes not retryable. They are not here, because they do not depend
/// on what the event says: `AccessDeniedException`, `InvalidAccountIdException`, `NotAuthorizedForSourceException` and
/// `NotAuthorizedForDetailTypeException` end when an operator corrects a role, the bus's name or the bus's policy, and
/// until then every event of a kind meets them. A code that is in neither list may pass.
const FOR_GOOD: [&str; 3] = ["InvalidArgument", "MalformedDetail", "RedactionFailure"];
/// What the service calls a whole call whose entries it does not want to read, such as one that is too large.
const INVALID_CALL: &str = "ValidationException";
/// The same, from the service's front, which gives no code.
const TOO_LARGE: u16 = 413;

/// One event bus of Amazon EventBridge.
#[derive(Clone, Debug)]
pub struct EventBridgeBus {
    client: Client,
    bus: String,
    /// Whether the bus has accepted anything: from then on an invalid call is invalid because of its entries, and not
    /// because of the bus's name.
    proven: Arc<AtomicBool>,
}

/// Why a call has no results.
enum Failed {
    /// The service calls it invalid, and accepted none of its entries.
    Invalid(RefusedForGood),
    Otherwise(BusError),
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
        Self { client: Client::from_conf(config), bus: bus.into(), proven: Arc::default() }
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

    async fn call(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, Failed> {
        let request = entries.iter().map(|event| self.entry(event)).collect();
        let answer = self.client.put_events().set_entries(Some(request)).send().await.map_err(failed)?;
        let results: Vec<_> = answer.entries().iter().map(accepted).collect();
        if results.len() != entries.len() {
            let unanswered = Unanswered { entries: entries.len(), results: results.len() };
            return Err(Failed::Otherwise(BusError(unanswered.into())));
        }
        if results.iter().any(Result::is_ok) {
            self.proven.store(true, Ordering::Relaxed);
        }
        Ok(results)
    }

    /// Puts the entries of an invalid call one by one, so that only the invalid one is refused.
    async fn one_by_one(&self, entries: &[BusEvent]) -> Vec<Result<(), EntryRefused>> {
        let mut results = Vec::with_capacity(entries.len());
        let mut invalid = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            match self.call(std::slice::from_ref(entry)).await {
                Ok(result) => results.extend(result),
                Err(Failed::Invalid(why)) => {
                    invalid.push((place, why));
                    results.push(Ok(()));
                }
                // A service that does not answer now would take up the time that the others need.
                Err(Failed::Otherwise(error)) => {
                    let why = format!("{error}, after the entries before it");
                    results.resize(entries.len(), Err(EntryRefused::ForNow(why)));
                    break;
                }
            }
        }
        // Judged at the end: an entry that the bus accepts proves its name.
        for (place, why) in invalid {
            if let Some(result) = results.get_mut(place) {
                *result = Err(self.invalid(why));
            }
        }
        results
    }

    fn invalid(&self, why: RefusedForGood) -> EntryRefused {
        if self.proven.load(Ordering::Relaxed) {
            EntryRefused::ForGood(why)
        } else {
            EntryRefused::ForNow(why.to_string())
        }
    }
}

impl EventBus for EventBridgeBus {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        if entries.is_empty() {
            // PutEvents refuses a call without entries.
            return Ok(Vec::new());
        }
        match self.call(entries).await {
            Ok(results) => Ok(results),
            Err(Failed::Invalid(why)) if entries.len() == 1 => Ok(vec![Err(self.invalid(why))]),
            Err(Failed::Invalid(_)) => Ok(self.one_by_one(entries).await),
            Err(Failed::Otherwise(error)) => Err(error),
        }
    }
}

fn failed(error: SdkError<PutEventsError>) -> Failed {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let too_large = status == Some(TOO_LARGE);
    let code = error.code().filter(|code| *code == INVALID_CALL).or(too_large.then_some("413"));
    match code {
        Some(code) => {
            let message = error.message().unwrap_or("the call is too large").to_owned();
            Failed::Invalid(RefusedForGood { code: code.to_owned(), message })
        }
        None => Failed::Otherwise(BusError(Cause::from(error))),
    }
}

/// Only an event id is a confirmation.
fn accepted(entry: &PutEventsResultEntry) -> Result<(), EntryRefused> {
    let message = entry.error_message().unwrap_or("no message");
    match (entry.error_code(), entry.event_id()) {
        (None, Some(_)) => Ok(()),
        (Some(code), _) if FOR_GOOD.contains(&code) => {
            Err(EntryRefused::ForGood(RefusedForGood { code: code.to_owned(), message: message.to_owned() }))
        }
        (Some(code), _) => Err(EntryRefused::ForNow(format!("{code}: {message}"))),
        (None, None) => Err(EntryRefused::ForNow("neither an event id nor an error".to_owned())),
    }
}
