//! The `DynamoDB` client, with timeouts that suit a transition whose answer is due in 100 ms.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use std::time::Duration;

/// How long connecting may take. Within a region it takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long one try may take. The slowest of a thousand takes some 20 ms; after a second the answer is lost.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long all tries of one operation may take together, so that the caller gets an answer before its own timeout.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// How often one operation is tried.
const ATTEMPTS_MAX: u32 = 3;
/// How long the first pause between two tries is at most; it is drawn at random and doubles.
const INITIAL_BACKOFF: Duration = Duration::from_millis(25);
/// How long any pause between two tries is at most.
const BACKOFF_MAX: Duration = Duration::from_millis(500);

/// The same for an operator's command: no caller waits for an answer, so the client retries a throttled call for
/// longer.
const PATIENT_OPERATION_TIMEOUT: Duration = Duration::from_secs(120);
/// How long one of its tries may take; a page of a megabyte is read in one.
const PATIENT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often one of its operations is tried.
const PATIENT_ATTEMPTS_MAX: u32 = 12;
/// How long any of its pauses is at most.
const PATIENT_BACKOFF_MAX: Duration = Duration::from_secs(10);

/// A client that gives up in time: an append is safe to repeat, so a lost answer is asked for again soon.
#[must_use]
pub fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(BACKOFF_MAX);
    Client::from_conf(Builder::from(config).timeout_config(timeouts).retry_config(retries).build())
}

/// A client with longer timeouts, for commands that process whole tables while the service runs.
#[must_use]
pub fn patient_client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(PATIENT_ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(PATIENT_ATTEMPT_TIMEOUT)
        .operation_timeout(PATIENT_OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(PATIENT_ATTEMPTS_MAX).with_max_backoff(PATIENT_BACKOFF_MAX);
    Client::from_conf(Builder::from(config).timeout_config(timeouts).retry_config(retries).build())
}
