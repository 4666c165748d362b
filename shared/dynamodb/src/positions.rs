//! How far the sweeps have come, as an item of the index. If it is lost with the index, the next sweep starts at the
//! beginning.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{StoreError, SweepPosition, SweepPositions, WalkPosition};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::DynamoIndex;
use crate::batch;
use crate::failure::store_error;
use crate::item::{CURRENT_FORMAT, FORMAT, PK, newer_format, text_of};

/// The key of the item. No tenant has an empty name, so it is no workflow's; and as it has no state, it is in no list.
const SWEEP: Checkpoint = Checkpoint { key: "#sweep" };
/// The position in the log to continue from; absent at the beginning of a round.
const POSITION: &str = "position";
/// When the round began; absent at its beginning.
const ROUND_BEGAN: &str = "round_began";
/// When the last complete round ended; absent before.
const ROUND_ENDED: &str = "round_ended";
/// The position in the index of open workflows to continue from; absent at its beginning.
const OPEN_POSITION: &str = "open_position";
/// How many open workflows this walk has met so far; absent for none.
const OPEN_MET: &str = "open_met";
/// How many the last complete walk met; absent for none.
const OPEN_TOTAL: &str = "open_total";
/// When a sweep last wrote this item; absent where an older release did.
const SWEPT_AT: &str = "swept_at";
/// The percentage of the open workflows that this sweep had compared; absent for an unknown one.
const OPEN_PERCENT: &str = "open_percent";

/// A value that this service would not have written is none: its loss is harmless.
fn read(item: &Item) -> SweepPosition {
    let position = |name| text_of(item, name).map(|text| WalkPosition(text.to_owned()));
    let instant = |name| text_of(item, name).and_then(|text| Timestamp::try_from(text.to_owned()).ok());
    let number = |name| match item.get(name) {
        Some(serde_dynamo::AttributeValue::N(digits)) => digits.parse::<u64>().ok(),
        Some(_) | None => None,
    };
    SweepPosition {
        round: position(POSITION),
        round_began: instant(ROUND_BEGAN),
        round_ended: instant(ROUND_ENDED),
        open: position(OPEN_POSITION),
        open_met: number(OPEN_MET).unwrap_or_default(),
        open_total: number(OPEN_TOTAL).unwrap_or_default(),
        swept_at: instant(SWEPT_AT),
        open_percent: number(OPEN_PERCENT)
            .and_then(|percent| percent.try_into().ok())
            .filter(|percent| *percent <= 100),
    }
}

/// The attributes that say something.
fn attributes(position: &SweepPosition) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let SweepPosition { round, round_began, round_ended, open, open_met, open_total, swept_at, open_percent } =
        position;
    let text = |position: &Option<WalkPosition>| position.clone().map(|position| AttributeValue::S(position.0));
    let instant = |at: &Option<Timestamp>| at.map(|at| AttributeValue::S(at.to_string()));
    let number = |number: u64| (number > 0).then(|| AttributeValue::N(number.to_string()));
    [
        (POSITION, text(round)),
        (ROUND_BEGAN, instant(round_began)),
        (ROUND_ENDED, instant(round_ended)),
        (OPEN_POSITION, text(open)),
        (OPEN_MET, number(*open_met)),
        (OPEN_TOTAL, number(*open_total)),
        (SWEPT_AT, instant(swept_at)),
        (OPEN_PERCENT, open_percent.map(|percent| AttributeValue::N(percent.to_string()))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// An item of the index that says how far some work has come.
pub(crate) struct Checkpoint {
    /// Its key: one that no workflow has.
    pub(crate) key: &'static str,
}

impl Checkpoint {
    /// The item, if there is one that this release can read.
    pub(crate) async fn read(&self, index: &DynamoIndex) -> Result<Option<Item>, StoreError> {
        let key = HashMap::from([(PK.to_owned(), AttributeValue::S(self.key.to_owned()))]);
        // A batch of one, because no role permits `GetItem`.
        let found = batch::items(&index.client, &index.table, vec![key]).await?.pop();
        // Keep an item of a newer release. Until that release runs again, each sweep starts at the beginning.
        Ok(found.filter(|item| newer_format(item).is_none()))
    }

    /// Writes the item anew, unless a newer release wrote it.
    pub(crate) async fn keep(
        &self,
        index: &DynamoIndex,
        attributes: impl Iterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<(), StoreError> {
        let format = AttributeValue::N(CURRENT_FORMAT.to_string());
        let mut put = index
            .client
            .put_item()
            .table_name(&*index.table)
            .item(PK, AttributeValue::S(self.key.to_owned()))
            .item(FORMAT, format.clone())
            // A format that is no number says nothing: such an item is spoilt, and would else stay for ever.
            .condition_expression(
                "attribute_not_exists(#format) OR NOT attribute_type(#format, :number) OR #format <= :format",
            )
            .expression_attribute_names("#format", FORMAT)
            .expression_attribute_values(":number", AttributeValue::S("N".to_owned()))
            .expression_attribute_values(":format", format);
        for (name, value) in attributes {
            put = put.item(name, value);
        }
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

impl SweepPositions for DynamoIndex {
    async fn sweep_position(&self) -> Result<SweepPosition, StoreError> {
        Ok(SWEEP.read(self).await?.as_ref().map(read).unwrap_or_default())
    }

    async fn keep_sweep_position(&self, position: &SweepPosition) -> Result<(), StoreError> {
        SWEEP.keep(self, attributes(position)).await
    }
}
