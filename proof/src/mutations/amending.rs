//! Mutations of what was recorded of amendments and signatures.

use alims_domain::event::EventType;
use alims_domain::lifecycle::State;

use crate::recording::{Line, What};

/// A version that says it only amends is said to move as well.
pub(super) fn change_the_state(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    lines.iter_mut().find_map(|line| match &mut line.what {
        What::AppendBegun { event_type: EventType::WorkflowAmended, to: to @ State::Active, .. } => {
            *to = State::Completed;
            Some(())
        }
        _ => None,
    })?;
    Some(lines)
}

/// A signature is said to be for the version before the one that it is for.
pub(super) fn sign_what_was_before(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    lines.iter_mut().find_map(|line| match &mut line.what {
        What::AppendBegun { event_type: EventType::WorkflowSigned, signatures, .. } => {
            let own = signatures.last_mut().filter(|own| own.version > 1)?;
            own.version -= 1;
            Some(())
        }
        _ => None,
    })?;
    Some(lines)
}

/// A signature is said to count although the data have changed.
pub(super) fn keep_the_outdated(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    lines.iter_mut().find_map(|line| match &mut line.what {
        What::AppendBegun { signatures, .. } => {
            signatures.iter_mut().find(|told| !told.current).map(|told| told.current = true)
        }
        _ => None,
    })?;
    Some(lines)
}

/// A version that is no amendment has not all of the data that the one before it had.
pub(super) fn lose_a_change(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    lines.iter_mut().find_map(|line| match &mut line.what {
        What::AppendBegun { event_type, data, .. } if *event_type != EventType::WorkflowAmended => data.pop(),
        _ => None,
    })?;
    Some(lines)
}
