//! A walk over the due workflows on `DynamoDB`: a scan of the sparse secondary index of due dates, one page a part.

use alims_domain::overdue::Deadline;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{DeadlinePosition, DuePart, DueWorkflows, StoreError, WalkPosition};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::DynamoIndex;
use crate::failure::store_error;
use crate::index_item::{DUE_KEY, TENANT, position_named_by};
use crate::item::{KeyText, PK, text_of, workflow_named_by};
use crate::positions::Checkpoint;
use crate::tables::BY_DUE_DATE;
use crate::walk::written;

/// How far the sweeps of due dates have come. No tenant has an empty name, so it is no workflow's.
const DEADLINES: Checkpoint = Checkpoint { key: "#deadlines" };
/// The position to continue from; absent at the beginning of a walk.
const POSITION: &str = "position";
/// When the walk began; absent at its beginning.
const ROUND_BEGAN: &str = "round_began";
/// When the last complete walk ended; absent before.
const ROUND_ENDED: &str = "round_ended";

/// A position among the due workflows: the keys of the last entry before it, in the table and in the secondary index.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DuePosition {
    due_after: [String; 3],
}

/// The attributes of the keys, in the order of a position.
const KEYS: [&str; 3] = [TENANT, DUE_KEY, PK];

impl DueWorkflows for DynamoIndex {
    async fn due_part(&self, until: Timestamp, from: Option<&WalkPosition>) -> Result<DuePart, StoreError> {
        let after: Option<DuePosition> = from
            .map(|from| serde_json::from_str(&from.0))
            .transpose()
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        let start = after.map(|DuePosition { due_after }| {
            let key = KEYS.into_iter().zip(due_after);
            key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text))).collect::<HashMap<_, _>>()
        });
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .index_name(BY_DUE_DATE)
            // A key is an instant, `#` and a workflow: `$` comes behind every workflow of the instant.
            .filter_expression("#due < :behind")
            .expression_attribute_names("#due", DUE_KEY)
            .expression_attribute_values(":behind", KeyText::of(&until).then("$").into())
            .set_limit(self.open_max)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(store_error)?;
        let items = page.items.unwrap_or_default().into_iter().map(Item::from);
        let deadlines = items.filter_map(|item| deadline_of(&item)).collect();
        let last_key = page.last_evaluated_key.filter(|last_key| !last_key.is_empty()).map(Item::from);
        let after = last_key.map(|last_key| {
            let due_after = KEYS.map(|name| text_of(&last_key, name).unwrap_or_default().to_owned());
            DuePosition { due_after }
        });
        Ok(DuePart { deadlines, next: after.map(|after| written(&after)).transpose()? })
    }

    async fn deadline_position(&self) -> Result<DeadlinePosition, StoreError> {
        let Some(item) = DEADLINES.read(self).await? else { return Ok(DeadlinePosition::default()) };
        let instant = |name| text_of(&item, name).and_then(|text| Timestamp::try_from(text.to_owned()).ok());
        Ok(DeadlinePosition {
            next: text_of(&item, POSITION).map(|text| WalkPosition(text.to_owned())),
            began: instant(ROUND_BEGAN),
            ended: instant(ROUND_ENDED),
        })
    }

    async fn keep_deadline_position(&self, position: &DeadlinePosition) -> Result<(), StoreError> {
        let DeadlinePosition { next, began, ended } = position;
        let instant = |at: &Option<Timestamp>| at.map(|at| AttributeValue::S(at.to_string()));
        let attributes = [
            (POSITION, next.clone().map(|next| AttributeValue::S(next.0))),
            (ROUND_BEGAN, instant(began)),
            (ROUND_ENDED, instant(ended)),
        ];
        DEADLINES.keep(self, attributes.into_iter().filter_map(|(name, value)| Some((name, value?)))).await
    }
}

/// The deadline that the keys of an entry name. An entry whose keys contradict each other is wrong: the sweep of the
/// workflows compares it with the log.
fn deadline_of(item: &Item) -> Option<Deadline> {
    let key = text_of(item, PK).and_then(workflow_named_by);
    let place = text_of(item, DUE_KEY).and_then(position_named_by);
    let deadline = key.zip(place).filter(|(key, place)| key.workflow_id == place.workflow_id);
    if deadline.is_none() {
        tracing::warn!(key = text_of(item, PK), "an index entry names no due date of its workflow");
    }
    deadline.map(|(key, place)| Deadline { key, due_at: place.at })
}
