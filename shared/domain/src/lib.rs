//! The domain: a workflow's lifecycle, its events and every decision about it. Pure and synchronous.
//!
//! This crate does no I/O, reads no clock, makes no ids, does not block and knows no port.

pub mod access;
pub mod activity;
pub mod amendment;
pub mod anchor;
pub mod attempt;
pub mod audit_entry;
pub mod authentication;
pub mod bus_event;
pub mod call;
pub mod changes;
pub mod decide;
pub mod event;
pub mod expected_versions;
pub mod export;
pub mod hash_chain;
pub mod hashing;
pub mod head;
pub mod idempotency;
pub mod identifiers;
pub mod invalid;
pub mod json;
pub mod labels;
pub mod lifecycle;
pub mod limits;
pub mod member_names;
pub mod overdue;
pub mod projection;
pub mod proposal;
pub mod quarantine;
pub mod recovery;
pub mod refusal;
pub mod rejection;
pub mod ruling;
#[cfg(feature = "schema")]
pub mod schema;
pub mod sealed;
pub mod signature;
mod signed_versions;
pub mod signing;
pub mod stored_name;
pub mod stored_version;
pub mod timestamp;
pub mod visible_text;
pub mod witness;
pub mod workflow_data;
