//! The two tables: their names, their keys, and how to create them where no template does.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};
use std::time::Duration;

use alims_operations::ports::StoreError;

use crate::activity_item::{EVENT_TYPE, REQUESTED_BY};
use crate::failure::store_error;
use crate::index_item::{CREATED_KEY, DUE_KEY, OPEN, TENANT, TENANT_STATE, TERM, UPDATED_KEY};
use crate::item::{ACTIVITY_DAY, ACTIVITY_KEY, ENTRY, PK};

/// The secondary index that lists are read from.
pub const BY_STATE: &str = "by-state";
/// The secondary index of the workflows that can still change, which the sweep reads. It is sparse: an entry without its
/// key is not in it. As its one key never changes, a move from one open state to another does not write it.
pub const OPEN_WORKFLOWS: &str = "open-workflows";
/// The secondary index of a tenant's workflows by creation. Its keys never change, so a move does not write it.
pub const BY_CREATION: &str = "by-creation";
/// The secondary index of a tenant's open workflows that have a due date, by that date. It is sparse.
pub const BY_DUE_DATE: &str = "by-due-date";
/// The secondary index of terms, such as labels, by which workflows are looked up. It holds no entry of a workflow.
pub const BY_TERM: &str = "by-term";
/// The secondary index of the log's entries by tenant, day and time. Every entry is in it; a commit writes it once.
pub const BY_DAY: &str = "by-day";

/// How long the creation of a table may take.
const CREATION_TIMEOUT: Duration = Duration::from_secs(60);

/// How a table is laid out. Every key attribute is a text, every table is paid for on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The partition key.
    pub partition_key: &'static str,
    /// The attribute that orders the items of a partition, if it has more than one.
    pub sort_key: Option<&'static str>,
    /// The view of a change in the table's stream, if it has a stream.
    pub stream_view: Option<&'static str>,
    /// Other orders to read it in.
    pub secondary_indexes: &'static [SecondaryIndex],
}

/// Another order to read a table in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondaryIndex {
    /// Its name within the table.
    pub name: &'static str,
    /// The partition key.
    pub partition_key: &'static str,
    /// The attribute that orders the items of a partition, if it has more than one.
    pub sort_key: Option<&'static str>,
    /// What it holds beside the keys.
    pub holds: Holds,
}

/// What a secondary index holds beside the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing.
    Keys,
    /// These attributes.
    Also(&'static [&'static str]),
    /// Every attribute.
    Everything,
}

/// The log.
pub const LOG: Table = Table {
    partition_key: PK,
    sort_key: Some(ENTRY),
    stream_view: Some("NEW_AND_OLD_IMAGES"),
    secondary_indexes: &[SecondaryIndex {
        name: BY_DAY,
        partition_key: ACTIVITY_DAY,
        sort_key: Some(ACTIVITY_KEY),
        // What filters look at. An entry takes less than a kilobyte, which is one write unit.
        holds: Holds::Also(&[EVENT_TYPE, REQUESTED_BY]),
    }],
};

/// The index.
pub const INDEX: Table = Table {
    partition_key: PK,
    sort_key: None,
    stream_view: None,
    secondary_indexes: &[
        SecondaryIndex {
            name: BY_STATE,
            partition_key: TENANT_STATE,
            sort_key: Some(UPDATED_KEY),
            holds: Holds::Everything,
        },
        SecondaryIndex { name: OPEN_WORKFLOWS, partition_key: OPEN, sort_key: None, holds: Holds::Keys },
        SecondaryIndex { name: BY_CREATION, partition_key: TENANT, sort_key: Some(CREATED_KEY), holds: Holds::Keys },
        SecondaryIndex { name: BY_DUE_DATE, partition_key: TENANT, sort_key: Some(DUE_KEY), holds: Holds::Keys },
        SecondaryIndex { name: BY_TERM, partition_key: TERM, sort_key: Some(CREATED_KEY), holds: Holds::Keys },
    ],
};

impl Table {
    /// Every attribute that is part of a key, each once.
    #[must_use]
    pub fn key_attributes(&self) -> Vec<&'static str> {
        let own = [Some(self.partition_key), self.sort_key].into_iter().flatten();
        let others = self.secondary_indexes.iter().flat_map(|index| [Some(index.partition_key), index.sort_key]);
        let mut attributes: Vec<_> = own.chain(others.flatten()).collect();
        attributes.sort_unstable();
        attributes.dedup();
        attributes
    }
}

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableNames {
    /// The log's table.
    pub log: String,
    /// The index's table.
    pub index: String,
}

/// A table that an earlier release made cannot be used: what is in it has no place in the secondary index.
#[derive(Debug, thiserror::Error)]
#[error(
    "an earlier release made the table {table}: it has no secondary index {index}; begin with an empty store, and read \
     this one with the release that made it"
)]
pub struct MadeByEarlierRelease {
    table: String,
    index: &'static str,
}

/// Makes the tables that are not there yet and waits until both can be used. Those that are there stay as they are.
///
/// # Errors
/// When the store does not make them, or not within a minute; [`MadeByEarlierRelease`] when a table lacks a secondary
/// index.
pub async fn create(client: &Client, names: &TableNames) -> Result<(), StoreError> {
    for (name, table) in [(&names.log, LOG), (&names.index, INDEX)] {
        let request = described(client.create_table().table_name(name), &table)
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        if let Err(error) = request.send().await
            && !matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_)))
        {
            return Err(store_error(error));
        }
        let waiting = client.wait_until_table_exists().table_name(name).wait(CREATION_TIMEOUT).await;
        waiting.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        has_every_index(client, name, &table).await?;
    }
    Ok(())
}

/// Whether the table that is there has the secondary indexes of this release.
async fn has_every_index(client: &Client, name: &str, table: &Table) -> Result<(), StoreError> {
    let made = client.describe_table().table_name(name).send().await.map_err(store_error)?.table;
    let made = made.and_then(|made| made.global_secondary_indexes).unwrap_or_default();
    let has = |index: &&SecondaryIndex| made.iter().any(|made| made.index_name() == Some(index.name));
    match table.secondary_indexes.iter().find(|index| !has(index)) {
        None => Ok(()),
        Some(index) => {
            let (table, index) = (name.to_owned(), index.name);
            Err(StoreError::Refused(Box::new(MadeByEarlierRelease { table, index })))
        }
    }
}

fn described(
    mut request: CreateTableFluentBuilder,
    table: &Table,
) -> Result<CreateTableFluentBuilder, aws_sdk_dynamodb::error::BuildError> {
    request = request.billing_mode(BillingMode::PayPerRequest);
    for attribute in table.key_attributes() {
        let text = AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(text.build()?);
    }
    request = request.set_key_schema(Some(key_schema(table.partition_key, table.sort_key)?));
    for index in table.secondary_indexes {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(index.partition_key, index.sort_key)?))
            .projection(projection(index.holds));
        request = request.global_secondary_indexes(index.build()?);
    }
    if let Some(view) = table.stream_view {
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::from(view));
        request = request.stream_specification(stream.build()?);
    }
    Ok(request)
}

fn projection(holds: Holds) -> Projection {
    let projection = Projection::builder();
    match holds {
        Holds::Keys => projection.projection_type(ProjectionType::KeysOnly),
        Holds::Everything => projection.projection_type(ProjectionType::All),
        Holds::Also(names) => projection
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(names.iter().map(|name| (*name).to_owned()).collect())),
    }
    .build()
}

fn key_schema(
    partition_key: &str,
    sort_key: Option<&str>,
) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    [Some((partition_key, KeyType::Hash)), sort_key.map(|key| (key, KeyType::Range))]
        .into_iter()
        .flatten()
        .map(|(name, key_type)| KeySchemaElement::builder().attribute_name(name).key_type(key_type).build())
        .collect()
}
