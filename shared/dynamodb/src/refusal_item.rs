//! A refused attempt as an item of the log.

use alims_core::refusal::Refusal;
use serde_dynamo::{AttributeValue, Item};

use crate::item::{ENTRY, ItemError, PK, Stored, partition_key, refusal_entry};

/// One attribute a member of the refusal, and the key.
impl Stored for Refusal {
    fn to_item(&self) -> Result<Item, ItemError> {
        let mut item: Item = serde_dynamo::to_item(self)?;
        item.insert(PK.to_owned(), AttributeValue::S(partition_key(&self.key())));
        item.insert(ENTRY.to_owned(), AttributeValue::S(refusal_entry(self.event_id)));
        Ok(item)
    }

    fn interpret(mut item: Item) -> Result<Self, ItemError> {
        item.remove(PK);
        item.remove(ENTRY);
        Ok(serde_dynamo::from_item(item)?)
    }
}
