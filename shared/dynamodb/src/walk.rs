//! Walks on `DynamoDB`: scans of keys, one page per part. One over the log, also in parallel segments, and one over the
//! index of open workflows.

use alims_domain::identifiers::WorkflowKey;
use alims_operations::ports::{LogWalk, OpenPart, OpenWorkflows, StoreError, WalkPart, WalkPosition};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::audit::is_audit_partition;
use crate::failure::store_error;
use crate::index_item::OPEN;
use crate::item::{
    ENTRY, OVERDUE_PREFIX, PK, QUARANTINE_PREFIX, RECOVERY_PREFIX, REFUSAL_PREFIX, named, text_of, version_named_by,
    workflow_named_by,
};
use crate::tables::OPEN_WORKFLOWS;
use crate::{DynamoIndex, DynamoLog};

/// The most segments that one scan may have (Amazon `DynamoDB` API reference, `Scan`).
const SEGMENTS_MAX: u16 = u16::MAX;

/// The items of a partition come together in a scan, and in order. A segment holds whole partitions: `DynamoDB` assigns
/// an item by a hash of its partition key (Amazon `DynamoDB` developer guide, "Scanning tables in `DynamoDB`").
impl LogWalk for DynamoLog {
    fn segments(&self, number: u16) -> Vec<Option<WalkPosition>> {
        let total = number.clamp(1, SEGMENTS_MAX);
        let begin = |segment| written(&Position::Segment { segment, total, after: None }).ok();
        (0..total).map(begin).collect()
    }

    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        let from = from.map(read).transpose()?;
        let segment = from.as_ref().and_then(Position::segment);
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .projection_expression("#pk, #entry")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#entry", ENTRY)
            .set_limit(self.scanned_max)
            .set_segment(segment.map(|(segment, _)| i32::from(segment)))
            .set_total_segments(segment.map(|(_, total)| i32::from(total)))
            .set_exclusive_start_key(from.and_then(Position::start_key))
            .send()
            .await
            .map_err(store_error)?;
        let mut part = WalkPart::default();
        for item in page.items.unwrap_or_default().into_iter().map(Item::from) {
            match owner(&item) {
                Some(key) => {
                    part.workflows.insert(key);
                }
                None if text_of(&item, PK).is_some_and(is_audit_partition) => {}
                None => part.strays.push(named(&item)),
            }
        }
        let last_key = page.last_evaluated_key.filter(|last_key| !last_key.is_empty());
        part.next = last_key.map(|last_key| written(&Position::after(segment, &last_key.into()))).transpose()?;
        Ok(part)
    }
}

impl OpenWorkflows for DynamoIndex {
    async fn open_part(&self, from: Option<&WalkPosition>) -> Result<OpenPart, StoreError> {
        // The position is the key of the last entry before it, which the table and the secondary index share.
        let after: Option<OpenPosition> = from
            .map(|from| serde_json::from_str(&from.0))
            .transpose()
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        let start =
            after.map(|after| [PK, OPEN].map(|name| (name.to_owned(), AttributeValue::S(after.open_after.clone()))));
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .index_name(OPEN_WORKFLOWS)
            .set_limit(self.open_max)
            .set_exclusive_start_key(start.map(HashMap::from))
            .send()
            .await
            .map_err(store_error)?;
        let items = page.items.unwrap_or_default().into_iter().map(Item::from);
        let workflows = items.filter_map(|item| text_of(&item, PK).and_then(workflow_named_by)).collect();
        let last_key = page.last_evaluated_key.filter(|last_key| !last_key.is_empty()).map(Item::from);
        let after =
            last_key.map(|last_key| OpenPosition { open_after: text_of(&last_key, PK).unwrap_or_default().to_owned() });
        Ok(OpenPart { workflows, next: after.map(|after| written(&after)).transpose()? })
    }
}

/// The workflow that an entry belongs to, if both its keys are as this service writes them.
fn owner(item: &Item) -> Option<WorkflowKey> {
    let entry = text_of(item, ENTRY)?;
    let beside = [REFUSAL_PREFIX, RECOVERY_PREFIX, QUARANTINE_PREFIX, OVERDUE_PREFIX];
    let is_ours = beside.iter().any(|kind| entry.starts_with(kind)) || version_named_by(entry).is_some();
    text_of(item, PK).filter(|_| is_ours).and_then(workflow_named_by)
}

/// A position in the log: the key of the last item before it, and the segment that it is in.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Position {
    /// In a walk over all of it.
    Whole(LastKey),
    /// In one segment.
    Segment { segment: u16, total: u16, after: Option<LastKey> },
}

/// The keys of an item, as far as they are texts.
type LastKey = (Option<String>, Option<String>);

impl Position {
    fn after(segment: Option<(u16, u16)>, last_key: &Item) -> Self {
        let key = (text_of(last_key, PK).map(str::to_owned), text_of(last_key, ENTRY).map(str::to_owned));
        match segment {
            None => Self::Whole(key),
            Some((segment, total)) => Self::Segment { segment, total, after: Some(key) },
        }
    }

    fn segment(&self) -> Option<(u16, u16)> {
        match self {
            Self::Whole(_) => None,
            Self::Segment { segment, total, .. } => Some((*segment, *total)),
        }
    }

    fn start_key(self) -> Option<HashMap<String, AttributeValue>> {
        let (Self::Whole((partition, entry)) | Self::Segment { after: Some((partition, entry)), .. }) = self else {
            return None;
        };
        let key = |name: &str, text: Option<String>| (name.to_owned(), AttributeValue::S(text.unwrap_or_default()));
        Some(HashMap::from([key(PK, partition), key(ENTRY, entry)]))
    }
}

/// A position among the open workflows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenPosition {
    open_after: String,
}

pub(crate) fn written(position: &impl Serialize) -> Result<WalkPosition, StoreError> {
    serde_json::to_string(position).map(WalkPosition).map_err(|error| StoreError::Refused(error.into()))
}

fn read(position: &WalkPosition) -> Result<Position, StoreError> {
    serde_json::from_str(&position.0).map_err(|error| StoreError::Refused(error.into()))
}
