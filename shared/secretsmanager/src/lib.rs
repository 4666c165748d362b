//! A secret in AWS Secrets Manager. Nothing of its content ever stands in an error, a log line or a `Debug` text.

use alims_operations::ports::Cause;
use alims_rules::{SecretStore, SecretText};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long one try may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long all tries of one read may take together: a caller may be waiting for the judgement that needs it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(1);
/// How often one read is tried.
const ATTEMPTS_MAX: u32 = 2;

/// One secret, by its ARN.
pub struct Secret {
    client: Client,
    arn: String,
}

/// Why it could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Unread {
    /// The service refused: the secret is missing, is to be deleted, or may not be read or decrypted.
    #[error("Secrets Manager refused with {0}")]
    Refused(String),
    /// No answer in time, or none that can be read. The answer may hold the secret, so nothing of it is told.
    #[error("Secrets Manager gave no readable answer in time")]
    NoAnswer,
    /// It has bytes instead of text.
    #[error("the secret holds binary data; store a text")]
    Binary,
}

/// The secret of this ARN. It is read only when it is needed.
#[must_use]
pub fn secret(config: &SdkConfig, arn: &str) -> Arc<dyn SecretStore> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(ATTEMPT_TIMEOUT / 10);
    let config = aws_sdk_secretsmanager::config::Builder::from(config).timeout_config(timeouts).retry_config(retries);
    Arc::new(Secret { client: Client::from_conf(config.build()), arn: arn.to_owned() })
}

impl Secret {
    async fn current(&self) -> Result<SecretText, Unread> {
        let found = self.client.get_secret_value().secret_id(&self.arn).send().await.map_err(|error| unread(&error))?;
        found.secret_string.map(SecretText::from).ok_or(Unread::Binary)
    }
}

impl SecretStore for Secret {
    fn read(&self) -> BoxFuture<'_, Result<SecretText, Cause>> {
        self.current().map(|read| read.map_err(Cause::from)).boxed()
    }
}

/// The error's own text may quote what it could not read.
fn unread<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Unread {
    // Without a code it is no error of the service, and may be an answer that broke off.
    let SdkError::ServiceError(answer) = error else { return Unread::NoAnswer };
    let is_name = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    answer.err().code().filter(is_name).map_or(Unread::NoAnswer, |code| Unread::Refused(code.to_owned()))
}

impl fmt::Debug for Secret {
    /// The ARN is no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.arn)
    }
}
