//! The inbox, fed with the events that the Workflow Manager makes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod member_names;
mod order;
mod reading;
mod resuming;
mod shuffled;

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::WorkflowKey as Key;
use alims_domain::stored_version::StoredVersion;
use alims_subscriber::{Event, WorkflowKey};
use alims_testing::builders::{a_chain, a_key_of};
use std::time::{Duration, SystemTime};

/// A workflow of a tenant, as the service names it.
fn key(tenant: &str, workflow_id: &str) -> Key {
    a_key_of(&tenant.parse().unwrap(), workflow_id)
}

/// The same as a subscriber names it.
fn known_as(key: &Key) -> WorkflowKey {
    WorkflowKey { tenant_id: key.tenant_id.to_string(), workflow_id: key.workflow_id.to_string() }
}

/// What the bus carries of a version.
fn delivered(version: &StoredVersion) -> Event {
    Event::from_detail(&BusEvent::of_version(&version.event).unwrap().detail).unwrap()
}

/// What the bus carries of a version that is published again.
fn replayed(version: &StoredVersion) -> Event {
    Event::from_detail(&BusEvent::of_replayed_version(&version.event).unwrap().detail).unwrap()
}

/// The events of one workflow, versions 1 and on.
fn events(workflow_id: &str, versions: usize) -> Vec<Event> {
    a_chain(&key("default", workflow_id), versions, 7).iter().map(delivered).collect()
}

/// So many seconds after an instant of our time.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_421_700 + seconds)
}
