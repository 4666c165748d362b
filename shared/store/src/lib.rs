//! The service's store: its log, its index, and the stream of log changes for the publisher.
//!
//! There is one engine, Amazon DynamoDB, and only this crate names it to the functions and to the operator's commands.
//! To add another engine, make [`Log`] and [`Index`] enums of both, like `alims_rules::Rules`, and choose in
//! [`Store::chosen_by`].

use alims_dynamodb::Client;
use alims_runtime::{MissingVariable, Settings};
use aws_types::SdkConfig;

/// The log.
pub type Log = alims_dynamodb::DynamoLog;
/// The index.
pub type Index = alims_dynamodb::DynamoIndex;

pub use alims_dynamodb::publish_batch;

/// The store that the settings of a function choose. Its log and its index share their connections.
#[derive(Debug)]
pub struct Store {
    client: Client,
    settings: Settings,
}

impl Store {
    /// The store of this function.
    #[must_use]
    pub fn chosen_by(settings: Settings, aws: &SdkConfig) -> Self {
        Self { client: alims_dynamodb::client(aws), settings }
    }

    /// The log, in the table that `ALIMS_LOG_TABLE` names.
    ///
    /// # Errors
    /// When that is not set.
    pub fn log(&self) -> Result<Log, MissingVariable> {
        Ok(Log::new(self.client.clone(), self.settings.log_table()?))
    }

    /// The index, in the table that `ALIMS_INDEX_TABLE` names.
    ///
    /// # Errors
    /// When that is not set.
    pub fn index(&self) -> Result<Index, MissingVariable> {
        Ok(Index::new(self.client.clone(), self.settings.index_table()?))
    }
}

/// Log and index for an operator's command that reads whole tables. No request waits for it, so it retries for longer.
#[must_use]
pub fn patient(aws: &SdkConfig, log_table: &str, index_table: &str) -> (Log, Index) {
    let client = alims_dynamodb::patient_client(aws);
    (Log::new(client.clone(), log_table), Index::new(client, index_table))
}
