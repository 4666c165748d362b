//! Keeps stream records that will never be published in a queue, for a person to review.

use alims_operations::ports::{BusError, Cause, DeadLetter, DeadLetters};
use aws_sdk_sqs::Client;
use aws_types::SdkConfig;

/// One queue of Amazon SQS.
#[derive(Clone, Debug)]
pub struct SqsDeadLetters {
    client: Client,
    queue_url: String,
}

impl SqsDeadLetters {
    /// The queue at this URL.
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(config)
            .timeout_config(crate::timeouts())
            .retry_config(crate::retries())
            .build();
        Self { client: Client::from_conf(config), queue_url: queue_url.into() }
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        let body = serde_json::to_string(letter).map_err(|error| BusError(error.into()))?;
        let request = self.client.send_message().queue_url(&self.queue_url).message_body(body);
        request.send().await.map(|_| ()).map_err(|error| BusError(Cause::from(error)))
    }
}
