//! A refused attempt as an item of the log.

use alims_domain::refusal::Refusal;
use serde_dynamo::Item;

use crate::item::{ItemError, Stored, partition_key, refusal_entry};
use crate::record_items::{keyed, unkeyed};

/// One attribute a member of the refusal, and the key.
impl Stored for Refusal {
    fn attributes(&self) -> Result<Item, ItemError> {
        keyed(self, partition_key(&self.key()), refusal_entry(self.event_id))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        unkeyed(item)
    }
}
