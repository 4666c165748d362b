//! The workflow lifecycle: the domain, the operations on it and the ports they need.
//!
//! Nothing in here does I/O, reads a clock, makes an id or knows AWS: all of that comes in through [`ports`].

pub mod call;
pub mod chain;
pub mod event;
pub mod idempotency;
pub mod identifiers;
pub mod json;
pub mod lifecycle;
pub mod limits;
pub mod member_names;
pub mod operations;
pub mod ports;
pub mod quarantine;
pub mod recovery;
pub mod refusal;
#[cfg(feature = "schema")]
pub mod schema;
pub mod stored_name;
pub mod timestamp;
