//! A refused attempt as an item of the log.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::refusal::Refusal;
use alims_domain::sealed::Sealed;
use alims_domain::timestamp::Timestamp;
use serde_dynamo::Item;

use crate::item::{ItemError, Stored, partition_key, refusal_entry};
use crate::record_items::{keyed, unkeyed};

/// One attribute a member of the refusal, and the key.
impl Stored for Refusal {
    fn attributes(&self) -> Result<Item, ItemError> {
        keyed(self, partition_key(&self.key()), refusal_entry(self.event_id))
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        Some((self.key(), self.timestamp))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        unkeyed(item).map(Sealed::into_entry)
    }
}
