//! The event bus on Amazon EventBridge, and the dead letters of its publisher on Amazon SQS.

mod bus;
mod dead_letters;

pub use bus::{EventBridgeBus, SOURCE};
pub use dead_letters::SqsDeadLetters;

use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::config::timeout::TimeoutConfig;
use std::time::Duration;

/// How long one try may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long all tries of one call may take together. After that the stream redelivers the batch.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);
/// How often one call is tried.
const ATTEMPTS_MAX: u32 = 3;

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX)
}
