//! The position where the sweep stopped, as an item of the index. If it is lost with the index, the next sweep starts
//! at the beginning.

use alims_operations::ports::{StoreError, SweepPositions, WalkPosition};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;

use crate::DynamoIndex;
use crate::failure::store_error;
use crate::item::{CURRENT_FORMAT, FORMAT, PK, newer_format, text_of};

/// The key of the item. No tenant has an empty name, so it is no workflow's; and as it has no state, it is in no list.
const SWEEP: &str = "#sweep";
/// The attribute with the position to continue from; absent at the beginning.
const POSITION: &str = "position";

impl SweepPositions for DynamoIndex {
    async fn sweep_position(&self) -> Result<Option<WalkPosition>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.table)
            .key(PK, AttributeValue::S(SWEEP.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(store_error)?;
        // Keep an item of a newer release. Until that release runs again, each sweep starts at the beginning.
        let readable = found.item.map(Item::from).filter(|item| newer_format(item).is_none());
        // A value that is not text is not a position of this service, and its loss is harmless.
        Ok(readable.and_then(|item| text_of(&item, POSITION).map(str::to_owned)).map(WalkPosition))
    }

    async fn keep_sweep_position(&self, position: Option<&WalkPosition>) -> Result<(), StoreError> {
        let format = AttributeValue::N(CURRENT_FORMAT.to_string());
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PK, AttributeValue::S(SWEEP.to_owned()))
            .item(FORMAT, format.clone())
            // A format that is no number says nothing: such an item is spoilt, and would else stay for ever.
            .condition_expression(
                "attribute_not_exists(#format) OR NOT attribute_type(#format, :number) OR #format <= :format",
            )
            .expression_attribute_names("#format", FORMAT)
            .expression_attribute_values(":number", AttributeValue::S("N".to_owned()))
            .expression_attribute_values(":format", format);
        let put = match position {
            Some(position) => put.item(POSITION, AttributeValue::S(position.0.clone())),
            None => put,
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // A newer release's position stays.
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(store_error(error)),
            },
        }
    }
}
