//! Publishing from the log to the event bus and the index.

pub(crate) mod anomaly;
pub mod compare_index;
pub mod publish_events;
pub mod rebuild_index;
pub mod replay_events;

pub(crate) mod batch;
mod changes;
pub(crate) mod cursor;
mod marks;
