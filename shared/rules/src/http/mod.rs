//! Calls a remote engine: within a deadline, over kept connections, with one retry when that may help, and not at all
//! while the engine is down.

mod authorization;
mod bearer_token;
mod breaker;
mod endpoint;
mod engine_fault;
mod kept_token;
mod transport;

use alims_operations::ports::Cause;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

pub use authorization::{Authorization, AwsSigner};
pub use bearer_token::BearerToken;
use breaker::Breaker;
pub use endpoint::{Endpoint, EndpointInvalid};
pub(crate) use engine_fault::EngineFault;
pub use kept_token::{KeptToken, SecretStore, SecretText, TOKEN_READ_MAX};
use transport::Transport;

/// The default deadline of a judgement.
pub const DEADLINE_DEFAULT: Duration = Duration::from_millis(300);
/// The longest allowed deadline of a judgement.
pub const DEADLINE_MAX: Duration = Duration::from_secs(2);
/// How long the longest judgement takes: its token is read, and the engine is asked with it and with the one before.
pub const JUDGEMENT_MAX: Duration =
    TOKEN_READ_MAX.saturating_add(DEADLINE_MAX.saturating_add(AFTERWARDS_MAX).saturating_mul(2));
/// How long what follows a judgement may take, such as the removal of a fact.
pub(crate) const AFTERWARDS_MAX: Duration = Duration::from_millis(200);
/// The longest pause before a retry. The actual pause is random, so that clients that failed together do not retry
/// together.
const PAUSE_MAX: Duration = Duration::from_millis(20);
/// How long connecting before the first request may take. Only the start of the function waits for it.
pub const WARMING_MAX: Duration = Duration::from_secs(2);
/// The maximum number of bytes read of an answer. An event must stay under 256 KiB, and 80 of them are the workflow's
/// own.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How an engine is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Where it is.
    pub endpoint: Endpoint,
    /// How long one judgement may take, with everything it needs.
    pub deadline: Duration,
    /// How the service identifies itself.
    pub authorization: Authorization,
}

/// One engine, as this process talks to it.
#[derive(Debug)]
pub(crate) struct Line {
    reach: Reach,
    transport: Transport,
    breaker: Breaker,
}

/// One request of an interface.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// From the endpoint on.
    pub(crate) path: String,
    /// JSON, or nothing.
    pub(crate) body: Bytes,
    /// What is wanted of a successful answer.
    pub(crate) wanted: Wanted,
}

/// What a call wants of a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The body, of at most so many bytes.
    Body(usize),
    /// That it succeeded. The body may be anything, of any size: an engine may send back what it was given.
    Success,
}

/// An answer that is no failure of the engine: 2xx with its body, or 4xx without.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Line {
    /// A client of an engine; log lines show the name. It makes no connection yet.
    ///
    /// # Errors
    /// When the connection needs TLS and this machine has no trusted certificate authority.
    pub(crate) fn to(engine: &'static str, reach: Reach) -> Result<Self, std::io::Error> {
        let transport = Transport::new(reach.endpoint.is_private())?;
        Ok(Self { reach, transport, breaker: Breaker::new(engine) })
    }

    /// Has a judgement made by `ask`, and once more when the engine refused the token and there is another by now.
    pub(crate) async fn authorised<T, A>(&self, ask: impl Fn() -> A + Send + Sync) -> Result<T, EngineFault>
    where
        T: Send,
        A: Future<Output = Result<T, EngineFault>> + Send,
    {
        let used = self.reach.authorization.ready().await?;
        match ask().await {
            Err(fault) if fault.refuses_the_token() && self.reach.authorization.renewed(used).await => {
                tracing::info!("the rules engine refused the token; it is asked again with the current one");
                ask().await
            }
            outcome => outcome,
        }
    }

    /// Has one judgement made: as the breaker permits, and within the deadline.
    pub(crate) async fn judgement<T>(
        &self,
        work: impl Future<Output = Result<T, EngineFault>> + Send,
    ) -> Result<T, EngineFault> {
        let permit = self.breaker.permit(Instant::now()).ok_or(EngineFault::Spared)?;
        let deadline = self.reach.deadline;
        let outcome = timeout(deadline, work).await.unwrap_or(Err(EngineFault::Late(deadline)));
        let well = !outcome.as_ref().err().is_some_and(EngineFault::speaks_against_the_engine);
        permit.settle(well, Instant::now());
        outcome
    }

    /// Sends a request, and once more when the connection fails or the engine fails inside. A judgement changes
    /// nothing, so that asking twice does no harm.
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, EngineFault> {
        match self.attempt(call).await {
            Err(fault) if fault.may_pass() => {
                tracing::debug!(error = &fault as &dyn std::error::Error, "the rules engine is asked once more");
                sleep(PAUSE_MAX.mul_f64(fastrand::f64())).await;
                self.attempt(call).await
            }
            outcome => outcome,
        }
    }

    /// Connects before the first request and ignores the answer: on a cold start the handshake would take most of the
    /// first judgement's deadline.
    pub(crate) async fn warm(&self, call: &Call) -> Option<Reply> {
        let attempted = async {
            self.reach.authorization.ready().await?;
            self.attempt(call).await
        };
        let outcome = timeout(WARMING_MAX, attempted).await.unwrap_or(Err(EngineFault::Late(WARMING_MAX)));
        let told = |fault: &EngineFault| {
            let error: &dyn std::error::Error = fault;
            tracing::warn!(error, "the rules engine could not be reached ahead of the first request");
        };
        outcome.inspect_err(told).ok()
    }

    async fn attempt(&self, call: &Call) -> Result<Reply, EngineFault> {
        let request = self.request(call).map_err(EngineFault::Unasked)?;
        let answer = self.transport.send(request).await.map_err(|error| EngineFault::Unreachable(error.into()))?;
        let status = answer.status().as_u16();
        let (parts, body) = answer.into_parts();
        match status {
            200..300 => {
                let body = match call.wanted {
                    Wanted::Body(bytes_max) => whole(&parts.headers, body, bytes_max).await?,
                    Wanted::Success => {
                        // Read only because a connection with an unread answer cannot be kept.
                        let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                        Bytes::new()
                    }
                };
                Ok(Reply { status, headers: parts.headers, body })
            }
            400..500 => Ok(Reply { status, headers: parts.headers, body: Bytes::new() }),
            // A redirection is not followed: workflow data goes only to the configured address.
            other => Err(EngineFault::Status(other)),
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Cause> {
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = self.reach.endpoint.uri(&call.path)?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !call.body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.reach.authorization.apply(&mut request, &call.body)?;
        Ok(request)
    }
}

impl Reply {
    /// The JSON of an answer with this very status.
    pub(crate) fn json<T: DeserializeOwned>(&self, status: u16) -> Result<T, EngineFault> {
        if self.status != status {
            return Err(EngineFault::Status(self.status));
        }
        let not_json = |what: &str| Err(EngineFault::NotTheContract(what.to_owned()));
        match self.headers.get(CONTENT_TYPE).map(HeaderValue::to_str) {
            Some(Ok(kind)) if is_json(kind) => {}
            Some(_) => return not_json("its content type is not application/json"),
            None => return not_json("it has no content type"),
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // Where, and not what: serde's message may quote the answer.
            let (line, column) = (error.line(), error.column());
            EngineFault::NotTheContract(format!("{:?} error at line {line}, column {column}", error.classify()))
        })
    }
}

fn is_json(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The whole body, if it is no more than so many bytes as they come. It is never unpacked, so that no small answer can
/// become a large one.
async fn whole<B>(headers: &HeaderMap, body: B, bytes_max: usize) -> Result<Bytes, EngineFault>
where
    B: http_body_util::BodyExt<Data = Bytes>,
    B::Error: Into<Cause>,
{
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(EngineFault::NotTheContract("it is encoded, which was not asked for".to_owned()));
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(EngineFault::TooLarge(bytes_max)),
        Err(error) => Err(EngineFault::Unreachable(error)),
    }
}
