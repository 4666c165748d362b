//! What holds of every run, shown on runs made at random.

mod get_workflow_history;
mod lifecycle_model;
mod publish_events;
mod rebuild_index;
mod replay_events;
