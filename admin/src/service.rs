//! The addresses of a service: its tables and its bus.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

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
}

/// The SDK's configuration for a region, or for a URL.
pub(crate) fn reached(credentials: SharedCredentialsProvider, region: Region, url: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder();
    config.set_endpoint_url(url);
    config.behavior_version(BehaviorVersion::latest()).region(region).credentials_provider(credentials).build()
}
