//! The place of an entry in the activity of its tenant: two attributes that every item of the log has.
//!
//! They are the keys of the secondary index [`crate::tables::BY_DAY`]. A day of a tenant is divided into shards, because
//! a partition of a secondary index takes 1000 write units a second, and `DynamoDB` throttles the writes of the table
//! when its secondary index cannot keep up (Amazon `DynamoDB` developer guide, "Understanding `DynamoDB` back-pressure
//! on global secondary indexes").

use alims_domain::activity::ActivityKind;
use alims_domain::identifiers::{TenantId, WorkflowId, WorkflowKey};
use alims_domain::stored_name::{Part, digest};
use alims_domain::timestamp::{Day, Timestamp};
use alims_operations::ports::ActivityPosition;
use serde_dynamo::Item;

use crate::item::{CLAIM, ENTRY, KeyText, OUTCOME, RECOVERY_PREFIX, text_of};

/// The partition key of the secondary index: tenant, day and shard.
pub(crate) const ACTIVITY_DAY: &str = "activity_day";
/// The sort key of the secondary index: the entry's own time, the workflow and the entry's sort key. No other entry has
/// it, and it never changes.
pub(crate) const ACTIVITY_KEY: &str = "activity_key";
/// The attribute that names the kind of an entry, but for recoveries, whose sort keys do. The secondary index has it.
pub(crate) const EVENT_TYPE: &str = "event_type";
/// The attribute that names the principal. The secondary index has it.
pub(crate) const REQUESTED_BY: &str = "requested_by";

/// The shards of a day. More would cost each page more reads; these take 4000 commits of a tenant a second.
pub(crate) const SHARDS: [&str; 4] = ["0", "1", "2", "3"];

/// Gives an item of the log its place.
pub(crate) fn place(item: &mut Item, key: &WorkflowKey, at: Timestamp) {
    let day = activity_day(&key.tenant_id, Day::of(at), shard_of(&key.workflow_id));
    let within = KeyText::of(&at).then("#").name(&key.workflow_id).then("#").sort_key_of(item);
    item.insert(ACTIVITY_DAY.to_owned(), day.into());
    item.insert(ACTIVITY_KEY.to_owned(), within.into());
}

/// The partition of a day's shard.
pub(crate) fn activity_day(tenant: &TenantId, day: Day, shard: &'static str) -> KeyText {
    KeyText::of(tenant).then("#").name(&day).then("#").then(shard)
}

/// The shard of a workflow: the same in every release, so that the place of a stored entry stays right.
fn shard_of(workflow_id: &WorkflowId) -> &'static str {
    let [first, ..] = digest(&[Part::literal("activity-shard"), Part::of(workflow_id)]);
    let [zeroth, one, two, three] = SHARDS;
    match first % 4 {
        0 => zeroth,
        1 => one,
        2 => two,
        _ => three,
    }
}

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
