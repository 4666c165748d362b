//! Turns the errors of replay-events into problems.

use alims_domain::identifiers::Version;
use alims_edge::problem::{Problem, RequestFault};
use alims_operations::replay_events::ReplayEventsError;

use crate::request::FROM_VERSION;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ReplayEventsError) -> Problem {
    match error {
        ReplayEventsError::NotFound => Problem::WorkflowNotFound,
        ReplayEventsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ReplayEventsError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        ReplayEventsError::NotPublished { head, published } => not_published(head, published),
        ReplayEventsError::Quarantined(quarantined) => Problem::WorkflowQuarantined(quarantined.0),
        ReplayEventsError::Store(error) => error.into(),
        error @ ReplayEventsError::Interrupted { next, .. } => {
            Problem::ReplayInterrupted { next_version: next, cause: Box::new(error) }
        }
    }
}

/// The problem of a replay of unpublished events.
fn not_published(head: Version, published: Option<Version>) -> Problem {
    let message = match published {
        Some(published) => format!(
            "must be at most {published}: the workflow is at version {head}, its events are published up to version {published}"
        ),
        None => {
            format!("has no event to replay: the workflow is at version {head}, none of its events is published yet")
        }
    };
    Problem::MalformedRequest(vec![RequestFault { pointer: Some(format!("/{FROM_VERSION}")), message }])
}
