//! A store for one test: an embedded `DynamoDB` in memory, served on a loopback port, and a client for it.
//!
//! The server is a task of the test's own runtime and ends with it.

use alims_dynamodb::tables::{self, TableNames};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Config, Credentials, Region, retry::RetryConfig};
use std::future::pending;
use tokio::net::TcpListener;

/// A client of a new, empty store.
pub(crate) async fn client() -> Client {
    let store = dynoxide::Database::memory().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { dynoxide::server::serve_with_shutdown(listener, store, pending()).await.unwrap() });
    client_of(&endpoint)
}

/// A client of a new store with the two tables in it, and their names.
pub(crate) async fn tables() -> (Client, TableNames) {
    let client = client().await;
    let names = TableNames { log: "WorkflowLog".to_owned(), index: "WorkflowIndex".to_owned() };
    tables::create(&client, &names).await.unwrap();
    (client, names)
}

/// A client of whatever listens there. It tries once and waits as long as it takes: a busy machine fails no test.
pub(crate) fn client_of(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version_latest()
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .region(Region::new("local"))
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}
