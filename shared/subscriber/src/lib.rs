//! The subscriber's side of the event bus: deliveries go in as they arrive, events come out in version order, each
//! exactly once, and the inbox lists every gap.
//!
//! The bus delivers at least once and in any order. Events carry the data that corrects this: `workflow_id`, a
//! contiguous `version` and a stable `event_id`. An [`Inbox`] sorts and deduplicates by them, separately for each
//! workflow of each tenant. It does no I/O and reads no clock.
//!
//! An event may resume from an earlier version than the one before it ([`Event::resumes_from`]): the versions between
//! are unreadable, and a person released them. They never arrive, and an [`Inbox`] does not wait for them.
//!
//! # A consumer of a queue
//!
//! An [`Inbox`] loses its state when the process ends, and a Lambda function ends often. So the consumer stores, in one
//! transaction with its own effect, the [`Position`] of the last event it applied. It does not acknowledge an event
//! that waits for others: the queue keeps that event and delivers it again.
//!
//! | received | means | the message |
//! |---|---|---|
//! | [`Received::Apply`] | its turn has come, and perhaps that of some which waited for it | acknowledged once it is applied |
//! | [`Received::Waits`] | earlier versions are missing | left on the queue |
//! | [`Received::Duplicate`], [`Received::Past`] | applied already | acknowledged |
//! | [`NotTaken::Full`] | there is no room to wait | left on the queue |
//! | [`NotTaken::Conflict`], [`Unreadable`] | a person must review it | dead letter, with an alarm |
//!
//! The queue of the sample subscriber in `template.yaml` holds messages with one EventBridge event each:
//!
//! ```
//! use alims_subscriber::{Event, Inbox, NotStarted, NotTaken, Position, Received, WorkflowKey};
//! use std::collections::{BTreeMap, BTreeSet};
//! use std::time::{Duration, SystemTime};
//!
//! /// What this consumer keeps, in its database: what it makes of the events, and its positions.
//! #[derive(Default)]
//! struct Store {
//!     applied: Vec<String>,
//!     positions: BTreeMap<WorkflowKey, Position>,
//! }
//!
//! /// Consumes a batch of messages, each an id and a body, and gives the ids of those that are to come again.
//! fn consume(store: &mut Store, batch: &[(&str, String)], now: SystemTime) -> Result<Vec<String>, NotStarted> {
//!     let mut inbox = Inbox::default();
//!     for (workflow, position) in &store.positions {
//!         inbox.start_after(workflow.clone(), position.clone())?;
//!     }
//!     let mut unsettled = Vec::new();
//!     let mut applied = BTreeSet::new();
//!     for (message, body) in batch {
//!         let event = match Event::from_envelope(body) {
//!             Ok(event) => event,
//!             Err(error) => {
//!                 eprintln!("{message} is a dead letter: {error}");
//!                 continue;
//!             }
//!         };
//!         let event_id = event.event_id.clone();
//!         match inbox.receive(event, now) {
//!             Ok(Received::Apply(events)) => {
//!                 for event in events {
//!                     // Its effect and the position in one transaction, or neither.
//!                     store.applied.push(format!("{} {:?}", event.event_type.as_str(), event.version));
//!                     if let Some(position) = event.position() {
//!                         store.positions.insert(event.workflow, position);
//!                     }
//!                     applied.insert(event.event_id);
//!                 }
//!             }
//!             Ok(Received::Waits) | Err(NotTaken::Full { .. }) => unsettled.push((message.to_string(), event_id)),
//!             Ok(Received::Duplicate | Received::Past) => {}
//!             Err(NotTaken::Conflict(conflict)) => eprintln!("{message} is a dead letter, and an alarm is raised: {conflict}"),
//!         }
//!     }
//!     for gap in inbox.gaps() {
//!         // If it lasts: have them published again (`replay-events`), or take them from the workflow's history.
//!         eprintln!("{} lacks versions {:?} since {:?}", gap.workflow, gap.versions, gap.since);
//!     }
//!     unsettled.retain(|(_, event_id)| !applied.contains(event_id));
//!     Ok(unsettled.into_iter().map(|(message, _)| message).collect())
//! }
//!
//! fn message(version: u64, event_type: &str) -> String {
//!     format!(
//!         r#"{{"version": "0", "source": "alims.workflow-manager", "detail-type": "{event_type}", "detail": {{
//!             "event_id": "01890a5d-ac96-774b-bcce-00000000000{version}", "tenant_id": "default",
//!             "workflow_id": "analysis-1", "event_type": "{event_type}", "version": {version},
//!             "to_state": "ACTIVE", "metadata": {{"sample_id": "S-2026-0001"}} }} }}"#
//!     )
//! }
//!
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_421_700);
//! let (first, second, third) =
//!     (message(1, "WorkflowCreated"), message(2, "WorkflowStateChanged"), message(3, "WorkflowStateChanged"));
//! let mut store = Store::default();
//! // Version 3 came too early, and version 1 twice.
//! let again = consume(&mut store, &[("a", third.clone()), ("b", first.clone()), ("c", first)], now)?;
//! assert_eq!(again, ["a"]);
//! // The process may end here. What was not acknowledged comes again.
//! let again = consume(&mut store, &[("a", third), ("d", second)], now)?;
//! assert!(again.is_empty());
//! assert_eq!(
//!     store.applied,
//!     ["WorkflowCreated Some(1)", "WorkflowStateChanged Some(2)", "WorkflowStateChanged Some(3)"],
//! );
//! # Ok::<(), NotStarted>(())
//! ```

mod event;
mod inbox;

pub use event::{DETAIL_BYTES_MAX, Event, EventType, SOURCE, Unreadable, VERSION_MAX, WorkflowKey};
pub use inbox::{
    Conflict, Gap, Inbox, NotStarted, NotTaken, Position, REFUSALS_REMEMBERED_MAX, Received, Started,
    WAITING_EVENTS_MAX,
};
