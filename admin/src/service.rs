//! The addresses of a service: its tables and its bus.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use std::path::PathBuf;

/// A service that was found.
pub(crate) struct Service {
    /// How its tables are reached.
    pub(crate) dynamodb: SdkConfig,
    /// How its bus is reached.
    pub(crate) eventbridge: SdkConfig,
    pub(crate) log_table: String,
    pub(crate) index_table: String,
    /// Its name or its ARN.
    pub(crate) event_bus: String,
    /// Whether a notification is processed within a day or never. On a laptop it waits for the next start of the
    /// server.
    pub(crate) answers_in_time: bool,
    /// Where its anchors are; none of a stack that was deployed before there were anchors.
    pub(crate) anchoring: Option<Anchoring>,
}

/// Where anchors are, and the key that signs them.
#[derive(Clone)]
pub(crate) enum Anchoring {
    /// Of a deployed service.
    Stack {
        /// How they are reached.
        config: Box<SdkConfig>,
        bucket: String,
        key: String,
    },
    /// In a data folder.
    Laptop(PathBuf),
}

/// The SDK's configuration for a region, or for a URL.
pub(crate) fn reached(credentials: SharedCredentialsProvider, region: Region, url: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder();
    config.set_endpoint_url(url);
    config.behavior_version(BehaviorVersion::latest()).region(region).credentials_provider(credentials).build()
}
