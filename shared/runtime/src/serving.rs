//! Serving: the connection is made before the first request comes, then requests, or events, one after another.

use alims_core::identifiers::WorkflowKey;
use alims_core::ports::{WorkflowIndex, WorkflowLog};
use aws_config::BehaviorVersion;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_types::SdkConfig;
use lambda_http::{Body, Error, LambdaEvent, Request, Response, lambda_runtime, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as StdError;
use std::future::Future;

/// How to reach AWS, from the environment that Lambda sets up.
///
/// Region and credentials are read there and nowhere else: the SDK would go on to ask the machine's metadata service,
/// which a function does not have.
pub async fn aws_config() -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest());
    let config = config.region(EnvironmentVariableRegionProvider::new());
    config.credentials_provider(EnvironmentVariableCredentialsProvider::new()).load().await
}

/// Serves requests with a handler until Lambda ends the process.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn serve<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response<Body>> + Send,
{
    let answered = |request| {
        let answer = handler(request);
        async move { Ok::<_, Error>(answer.await) }
    };
    lambda_http::run(service_fn(answered)).await
}

/// Takes events that nobody calls for over HTTP, until Lambda ends the process.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn consume<E, A, H, F>(handler: H) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    H: Fn(E) -> F,
    F: Future<Output = A>,
{
    let handled = |event: LambdaEvent<E>| {
        let answer = handler(event.payload);
        async move { Ok::<_, Error>(answer.await) }
    };
    lambda_runtime::run(service_fn(handled)).await
}

/// Connects to the log by reading what cannot be there: most of a first answer's time is the TLS handshake, and during
/// the start of a function it costs nobody anything.
pub async fn warm_log<L: WorkflowLog>(log: &L) {
    if let Some(key) = nobody() {
        told(log.head(&key).await);
    }
}

/// Connects to the index in the same way.
pub async fn warm_index<I: WorkflowIndex>(index: &I) {
    if let Some(key) = nobody() {
        told(index.entries(&[key]).await);
    }
}

fn nobody() -> Option<WorkflowKey> {
    Some(WorkflowKey { tenant_id: "-".parse().ok()?, workflow_id: "-".parse().ok()? })
}

/// A failure is no reason not to start: the first request tries again, and its answer tells.
fn told<T, E: StdError>(outcome: Result<T, E>) {
    if let Err(error) = outcome {
        tracing::warn!(error = %error, "the connection could not be made ahead of the first request");
    }
}
