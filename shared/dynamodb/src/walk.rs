//! A walk over the log on `DynamoDB`: a scan of its keys, one page per part.

use alims_domain::identifiers::WorkflowKey;
use alims_operations::ports::{LogWalk, StoreError, WalkPart, WalkPosition};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::DynamoLog;
use crate::failure::store_error;
use crate::item::{
    ENTRY, PK, QUARANTINE_PREFIX, RECOVERY_PREFIX, REFUSAL_PREFIX, named, text_of, version_named_by, workflow_named_by,
};

/// The items of a partition come together in a scan, and in order.
impl LogWalk for DynamoLog {
    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .projection_expression("#pk, #entry")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#entry", ENTRY)
            .set_limit(self.scanned_max)
            .set_exclusive_start_key(from.map(start_key).transpose()?)
            .send()
            .await
            .map_err(store_error)?;
        let mut part = WalkPart::default();
        for item in page.items.unwrap_or_default().into_iter().map(Item::from) {
            match owner(&item) {
                Some(key) => {
                    part.workflows.insert(key);
                }
                None => part.strays.push(named(&item)),
            }
        }
        let last_key = page.last_evaluated_key.filter(|last_key| !last_key.is_empty());
        part.next = last_key.map(|last_key| position(&last_key.into())).transpose()?;
        Ok(part)
    }
}

/// The workflow that an entry belongs to, if both its keys are as this service writes them.
fn owner(item: &Item) -> Option<WorkflowKey> {
    let entry = text_of(item, ENTRY)?;
    let is_ours = [REFUSAL_PREFIX, RECOVERY_PREFIX, QUARANTINE_PREFIX].iter().any(|kind| entry.starts_with(kind))
        || version_named_by(entry).is_some();
    text_of(item, PK).filter(|_| is_ours).and_then(workflow_named_by)
}

/// A position is the key of the last item before it.
fn position(last_key: &Item) -> Result<WalkPosition, StoreError> {
    let key = (text_of(last_key, PK), text_of(last_key, ENTRY));
    serde_json::to_string(&key).map(WalkPosition).map_err(|error| StoreError::Refused(error.into()))
}

fn start_key(position: &WalkPosition) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let (partition, entry): (String, String) =
        serde_json::from_str(&position.0).map_err(|error| StoreError::Refused(error.into()))?;
    Ok(HashMap::from([(PK.to_owned(), AttributeValue::S(partition)), (ENTRY.to_owned(), AttributeValue::S(entry))]))
}
