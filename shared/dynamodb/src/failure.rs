//! Classifies failed calls: a later retry may succeed, or will never succeed.

use alims_operations::ports::StoreError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Temporary errors among the codes with a 4xx status (Amazon `DynamoDB` developer guide, "Error handling with
/// `DynamoDB`").
const PASSING_CODES: [&str; 9] = [
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "Throttling",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Sorts a failed call. What had no readable answer may have had its effect.
pub(crate) fn store_error<E>(error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passing = match &error {
        // The request never came about: no answer of anybody, and the next try would be the same.
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status();
            // An unreadable success is as uncertain as no answer. So is a failure without a code: it may be half of an
            // answer, or come from an intermediary.
            status.is_success()
                || status.is_server_error()
                || status.as_u16() == 429
                || error.code().is_none_or(|code| PASSING_CODES.contains(&code))
        }
        // Unreachable, timed out, or an unreadable answer.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => true,
    };
    if passing { StoreError::Unavailable(Box::new(error)) } else { StoreError::Refused(Box::new(error)) }
}
