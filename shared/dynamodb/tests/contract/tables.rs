//! The tables are made as they are defined, and making them again harms nothing.

use alims_dynamodb::tables::{self, Holds, INDEX, LOG, Table, TableNames};
use alims_dynamodb::{DynamoLog, client};
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, a_key};
use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType, TableDescription,
};

use crate::on_dynoxide;

fn key_schema(schema: &[KeySchemaElement], key_type: &KeyType) -> Option<String> {
    schema.iter().find(|key| key.key_type() == key_type).map(|key| key.attribute_name().to_owned())
}

fn is_as_defined(made: &TableDescription, table: Table) {
    let (hash, range) = (KeyType::Hash, KeyType::Range);
    assert_eq!(key_schema(made.key_schema(), &hash).as_deref(), Some(table.partition_key));
    assert_eq!(key_schema(made.key_schema(), &range).as_deref(), table.sort_key);
    let stream = made.stream_specification().and_then(|stream| stream.stream_view_type()).map(|view| view.as_str());
    assert_eq!(stream, table.stream_view);
    let indexes = made.global_secondary_indexes();
    assert_eq!(indexes.len(), table.secondary_indexes.len());
    for (made, defined) in indexes.iter().zip(table.secondary_indexes) {
        assert_eq!(made.index_name(), Some(defined.name));
        assert_eq!(key_schema(made.key_schema(), &hash).as_deref(), Some(defined.partition_key));
        assert_eq!(key_schema(made.key_schema(), &range).as_deref(), defined.sort_key);
        let (projected, also): (_, &[&str]) = match defined.holds {
            Holds::Keys => (ProjectionType::KeysOnly, &[]),
            Holds::Also(names) => (ProjectionType::Include, names),
            Holds::Everything => (ProjectionType::All, &[]),
        };
        let projection = made.projection().unwrap();
        assert_eq!(
            (projection.projection_type(), projection.non_key_attributes()),
            (Some(&projected), also_of(also).as_slice())
        );
    }
}

fn also_of(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn the_tables_are_as_defined() {
    let (client, names) = on_dynoxide::tables().await;
    for (name, table) in [(&names.log, LOG), (&names.index, INDEX)] {
        let made = client.describe_table().table_name(name).send().await.unwrap().table.unwrap();
        is_as_defined(&made, table);
    }
}

#[tokio::test]
async fn making_the_tables_again_keeps_what_is_in_them() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let first = a_created("w-1");
    log.append(&first).await.unwrap();
    tables::create(&client, &names).await.unwrap();
    assert_eq!(log.head(&a_key("w-1")).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_table_that_lacks_a_secondary_index_is_named_and_left_alone() {
    let client = on_dynoxide::client().await;
    let names = TableNames { log: "WorkflowLog".to_owned(), index: "WorkflowIndex".to_owned() };
    let text = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let made = client.create_table().table_name(&names.log).billing_mode(BillingMode::PayPerRequest);
    let made = made.attribute_definitions(text("pk")).attribute_definitions(text("entry"));
    let made = made.key_schema(key("pk", KeyType::Hash)).key_schema(key("entry", KeyType::Range));
    made.send().await.unwrap();
    let refused = tables::create(&client, &names).await.unwrap_err();
    let told = alims_operations::errors::with_causes(&refused);
    assert!(told.contains("an earlier release made the table WorkflowLog: it has no secondary index by-day"), "{told}");
    let there = client.list_tables().send().await.unwrap().table_names.unwrap();
    assert_eq!(there, ["WorkflowLog"]);
}

#[test]
fn every_key_attribute_is_named_once() {
    assert_eq!(LOG.key_attributes(), ["activity_day", "activity_key", "entry", "pk"]);
    assert_eq!(
        INDEX.key_attributes(),
        ["created_key", "due_key", "open", "pk", "tenant_id", "tenant_state", "term", "updated_key"]
    );
}

#[test]
fn the_client_is_patient_within_bounds() {
    let credentials = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
    let config = aws_types::SdkConfig::builder()
        .region(Region::new("local"))
        .credentials_provider(credentials)
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest());
    let client = client(&config.build());
    let timeouts = client.config().timeout_config().unwrap();
    assert!(timeouts.connect_timeout() < timeouts.operation_attempt_timeout());
    assert!(timeouts.operation_attempt_timeout() < timeouts.operation_timeout());
    assert!(timeouts.operation_timeout().is_some());
    assert_eq!(client.config().retry_config().unwrap().max_attempts(), 3);
}
