//! What a failed call means to the caller: worth another try later, or never going to work.

use alims_operations::ports::StoreError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Error codes that come with a status of 4xx and still pass by themselves (Amazon `DynamoDB` developer guide,
/// "Error handling with `DynamoDB`").
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
            // A success that cannot be read says as little as no answer, and so does a failure without a code: a half
            // of an answer, or somebody's on the way.
            status.is_success()
                || status.is_server_error()
                || status.as_u16() == 429
                || error.code().is_none_or(|code| PASSING_CODES.contains(&code))
        }
        // Unreachable, timed out, or an answer nobody can read.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => true,
    };
    if passing { StoreError::Unavailable(Box::new(error)) } else { StoreError::Refused(Box::new(error)) }
}
