//! Serving: it connects before the first request arrives, then handles requests or events one after another.

use alims_domain::identifiers::WorkflowKey;
use alims_operations::errors::with_causes;
use alims_operations::ports::{WorkflowIndex, WorkflowLog};
use aws_config::BehaviorVersion;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_types::SdkConfig;
use lambda_http::lambda_runtime::{self, Diagnostic};
use lambda_http::{Body, Context, Error, LambdaEvent, Request, RequestExt, Response, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use tracing::{Instrument, Span};

use crate::recorder::WrittenAtTheEnd;
use crate::traces;

use crate::deadline::{OutOfTime, time_left, within};

/// How to reach AWS, from the environment that Lambda sets up.
///
/// Region and credentials come only from there: the SDK would otherwise query the machine's metadata service, which a
/// function does not have.
pub async fn aws_config() -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest());
    let config = config.region(EnvironmentVariableRegionProvider::new());
    config.credentials_provider(EnvironmentVariableCredentialsProvider::new()).load().await
}

/// Serves requests with a handler until Lambda ends the process. Each request says how much time it has.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn serve<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response<Body>> + Send,
{
    let answered = |mut request: Request| {
        let context = request.lambda_context_ref();
        let span = context.map_or_else(Span::none, invocation);
        let deadline_ms = context.map_or(0, |context| context.deadline);
        request.extensions_mut().insert(time_left(deadline_ms));
        let answer = handler(request);
        let answered = async move {
            let _metrics = WrittenAtTheEnd;
            Ok::<_, Error>(answer.await)
        };
        answered.instrument(span)
    };
    lambda_http::run(service_fn(answered)).await
}

/// Handles events that no HTTP caller waits for, until Lambda ends the process. What takes too long fails, and comes
/// again.
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
        let span = invocation(&event.context);
        let answer = within(event.context.deadline, handler(event.payload));
        let answered = async move {
            let _metrics = WrittenAtTheEnd;
            Ok::<_, Error>(answer.await?)
        };
        answered.instrument(span)
    };
    lambda_runtime::run(service_fn(handled)).await
}

/// The name of Lambda for a function that it ended: the state machine of recoveries tries again after it.
const TIMED_OUT: &str = "Sandbox.Timedout";

/// Why a function that answers no HTTP request failed, under a name that its caller knows.
#[derive(Debug)]
pub struct Failure {
    name: &'static str,
    why: String,
}

impl Failure {
    /// A failure of this name, with everything that is known of its cause.
    #[must_use]
    pub fn new(name: &'static str, error: &dyn StdError) -> Self {
        Self { name, why: with_causes(error) }
    }

    /// Its name: on Lambda the `errorType`, which state machines decide by.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.name.to_owned(), error_message: failure.why }
    }
}

/// Does work that may fail, until Lambda ends the process. The caller gets a failure by its name; what takes too long
/// fails by the name that Lambda gives to a function that it has ended.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn carry_out<E, A, H, F>(handler: H) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    H: Fn(E) -> F,
    F: Future<Output = Result<A, Failure>>,
{
    let carried_out = |event: LambdaEvent<E>| {
        let span = invocation(&event.context);
        let work = within(event.context.deadline, handler(event.payload));
        let done = async move {
            let _metrics = WrittenAtTheEnd;
            work.await.unwrap_or_else(|over: OutOfTime| Err(Failure::new(TIMED_OUT, &over)))
        };
        done.instrument(span)
    };
    lambda_runtime::run(service_fn(carried_out)).await
}

/// The span of an invocation, in the trace that Lambda has begun. A request has a span within it, with the gateway's id.
#[must_use]
pub fn invocation(context: &Context) -> Span {
    let span = tracing::info_span!("invocation", request_id = context.request_id);
    traces::continues(&span, context.xray_trace_id.as_deref());
    span
}

/// Connects to the log with a read of a key that cannot exist: most of a first answer's time is the TLS handshake, and
/// during the start of a function no caller waits for it.
pub async fn warm_log<L: WorkflowLog>(log: &L) {
    if let Some(key) = no_workflow() {
        told(log.head(&key).await);
    }
}

/// Connects to the index in the same way.
pub async fn warm_index<I: WorkflowIndex>(index: &I) {
    if let Some(key) = no_workflow() {
        told(index.entries(&[key]).await);
    }
}

fn no_workflow() -> Option<WorkflowKey> {
    Some(WorkflowKey { tenant_id: "-".parse().ok()?, workflow_id: "-".parse().ok()? })
}

/// Logs a failure. It does not stop the start: the first request tries again, and its answer reports the error.
fn told<T, E: StdError>(outcome: Result<T, E>) {
    if let Err(error) = outcome {
        tracing::warn!(error = %error, "the connection could not be made ahead of the first request");
    }
}
