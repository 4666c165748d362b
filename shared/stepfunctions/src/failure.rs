//! Classifies failed calls: a later retry may succeed, or will never succeed.

use alims_operations::ports::StarterError;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};

/// Error codes that come with a status of 4xx and still pass by themselves (AWS Step Functions API reference, "Common
/// errors" and the errors of `StartExecution` and `DescribeExecution`).
const PASSING_CODES: [&str; 6] = [
    "ExecutionLimitExceeded",
    "KmsThrottlingException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
];

/// Sorts a failed call. What had no readable answer may have had its effect.
pub(crate) fn starter_error<E>(error: SdkError<E>) -> StarterError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passing = match &error {
        // The request never came about: the next try would be the same.
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status();
            // A success that cannot be read says as little as no answer.
            status.is_success()
                || status.is_server_error()
                || status.as_u16() == 429
                || error.code().is_some_and(|code| PASSING_CODES.contains(&code))
        }
        // Unreachable, timed out, or an unreadable answer.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => true,
    };
    if passing { StarterError::Unavailable(Box::new(error)) } else { StarterError::Refused(Box::new(error)) }
}
