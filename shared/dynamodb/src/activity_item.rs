//! What the secondary index by day says of an entry: its kind, and its position in the activity of its tenant.

use alims_domain::activity::ActivityKind;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::ActivityPosition;
use serde_dynamo::Item;

use crate::item::{CLAIM, ENTRY, OUTCOME, RECOVERY_PREFIX, text_of};

/// The attribute that names the kind of an entry, but for recoveries, whose sort keys do. The secondary index has it.
pub(crate) const EVENT_TYPE: &str = "event_type";
/// The attribute that names the principal. The secondary index has it.
pub(crate) const REQUESTED_BY: &str = "requested_by";

/// The text of a position, above which everything was passed.
pub(crate) fn text_of_position(position: &ActivityPosition) -> String {
    position.entry.as_ref().map_or_else(|| position.at.to_string(), |entry| format!("{}#{entry}", position.at))
}

/// The position of an entry, if its key is one of this service.
pub(crate) fn position_named_by(activity_key: &str) -> Option<ActivityPosition> {
    let (at, entry) = activity_key.split_once('#')?;
    Some(ActivityPosition { at: Timestamp::try_from(at.to_owned()).ok()?, entry: Some(entry.to_owned()) })
}

/// The kind of an entry, as far as its key and its type say it.
pub(crate) fn kind_of(item: &Item) -> Option<ActivityKind> {
    let entry = text_of(item, ENTRY)?;
    if !entry.starts_with(RECOVERY_PREFIX) {
        return text_of(item, EVENT_TYPE)?.parse().ok();
    }
    let ends = [(CLAIM, ActivityKind::RecoveryRequested), (OUTCOME, ActivityKind::RecoveryEnded)];
    ends.into_iter().find(|(suffix, _)| entry.ends_with(suffix)).map(|(_, kind)| kind)
}
