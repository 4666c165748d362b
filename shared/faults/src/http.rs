//! The client: it reads the SDK's request, injects the fault, and lets the service handle the rest.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use fastrand::Rng;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::fault::Fault;
use crate::plan::{Attempts, Plan};
use crate::tampering::{leave_keys, refuse_entries, with_refusals, with_unprocessed, without_item};

/// How long a request and its answer are on their way at most, each, when delays are drawn.
const USUAL_DELAY_MS_MAX: u64 = 20;
/// The extra delay of a slow request: longer than most, and shorter than any caller's timeout for one attempt.
const SLOW_DELAY: Duration = Duration::from_millis(400);
/// When a late request arrives: from just after the first attempt is given up to long after the whole call is.
const LATE_DELAY_MS: std::ops::Range<u64> = 1_100..20_000;
/// After this time every late request has arrived, also one whose caller tried again. On a paused clock it passes at once.
pub const UNTIL_ALL_IS_QUIET: Duration = Duration::from_millis(6 * LATE_DELAY_MS.end);
/// Of the faults that are drawn one in so many stays for all attempts at a call.
const ONE_STAYS_OF: u8 = 3;

/// A service of AWS in this process.
pub trait Service: Send + Sync {
    /// Handles a request and returns a status and a body. `target` is the header with the operation's name, such as
    /// `DynamoDB_20120810.PutItem`.
    fn answer(&self, target: &str, body: &str) -> (u16, String);
}

/// An HTTP client for the SDK's configuration. Clones are the same client.
#[derive(Clone)]
pub struct FaultyHttp {
    service: Arc<dyn Service>,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    rng: Rng,
    plan: Plan,
    /// The names of the calls so far.
    calls: Vec<String>,
    /// The number of each call by the id the SDK gave it, and the fault that stays with it.
    known: BTreeMap<String, (usize, Option<Fault>)>,
    committed: BTreeMap<Fault, usize>,
}

impl fmt::Debug for FaultyHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyHttp")
    }
}

/// One request as far as faults care.
struct Asked {
    target: String,
    invocation: String,
    body: String,
}

impl Asked {
    fn read(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("the SDK has its requests in memory");
        Self {
            target: header("x-amz-target"),
            invocation: header("amz-sdk-invocation-id"),
            body: String::from_utf8(body.to_vec()).expect("JSON is UTF-8"),
        }
    }

    fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap_or_default()
    }
}

/// The fault of a request, and the delays of the request and its answer.
struct Fate {
    fault: Option<Fault>,
    there: Duration,
    back: Duration,
}

impl FaultyHttp {
    /// A client of this service with which nothing goes wrong yet.
    #[must_use]
    pub fn new(service: Arc<dyn Service>) -> Self {
        let inside = Inside {
            rng: Rng::with_seed(0),
            plan: Plan::Sound,
            calls: Vec::new(),
            known: BTreeMap::new(),
            committed: BTreeMap::new(),
        };
        Self { service, inside: Arc::new(Mutex::new(inside)) }
    }

    /// Follows a plan from here on: the call count restarts at 0, and all random choices use this seed.
    pub fn follow(&self, plan: Plan, seed: u64) {
        let mut inside = self.inside.lock().unwrap();
        inside.plan = plan;
        inside.rng = Rng::with_seed(seed);
        inside.calls.clear();
        inside.known.clear();
    }

    /// The operations that were called since the plan is followed, such as `PutItem`; attempts of one count once.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.inside.lock().unwrap().calls.clone()
    }

    /// How often each fault was met, over this client's whole life.
    #[must_use]
    pub fn committed(&self) -> BTreeMap<Fault, usize> {
        self.inside.lock().unwrap().committed.clone()
    }

    async fn ask(self, asked: Asked) -> Result<HttpResponse, ConnectorError> {
        let fate = self.inside.lock().unwrap().decide(&asked);
        pass(fate.there).await;
        let answer = self.meet(&asked, fate.fault).await?;
        pass(fate.back).await;
        Ok(answer)
    }

    async fn meet(&self, asked: &Asked, fault: Option<Fault>) -> Result<HttpResponse, ConnectorError> {
        let serve = || self.service.answer(&asked.target, &asked.body);
        let (status, body) = match fault {
            None => serve(),
            Some(Fault::RequestLost) => return Err(lost("the request")),
            Some(Fault::AnswerLost) => {
                drop(serve());
                return Err(lost("the answer"));
            }
            Some(Fault::AnswerTorn) => torn(serve()),
            Some(Fault::Slow) => {
                pass(SLOW_DELAY).await;
                serve()
            }
            Some(Fault::Late) => {
                self.serve_late(asked);
                return std::future::pending().await;
            }
            Some(Fault::Broken) => broken(),
            Some(Fault::BrokenAfterwards) => {
                drop(serve());
                broken()
            }
            Some(Fault::Throttled) if asked.operation() == "PutEvents" => failure("ThrottlingException"),
            Some(Fault::Throttled) => failure("ProvisionedThroughputExceededException"),
            Some(Fault::Conflict) => failure("TransactionConflictException"),
            Some(Fault::ItemWithheld) => {
                let (status, body) = serve();
                (status, if status == 400 { without_item(&body) } else { body })
            }
            Some(Fault::EntriesRefused) => self.serve_some_entries(asked, "ThrottlingException"),
            Some(Fault::EntriesUnwanted) => self.serve_some_entries(asked, "MalformedDetail"),
            Some(Fault::KeysUnprocessed) => self.serve_some_keys(asked),
        };
        let status = StatusCode::try_from(status).expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        Ok(response)
    }

    /// Runs the request in another task, which continues after the caller has gone.
    fn serve_late(&self, asked: &Asked) {
        let late = Duration::from_millis(self.inside.lock().unwrap().rng.u64(LATE_DELAY_MS));
        let (service, target, body) = (self.service.clone(), asked.target.clone(), asked.body.clone());
        tokio::spawn(async move {
            pass(late).await;
            drop(service.answer(&target, &body));
        });
    }

    fn serve_some_entries(&self, asked: &Asked, code: &str) -> (u16, String) {
        let (request, refused) = refuse_entries(&asked.body, &mut self.inside.lock().unwrap().rng);
        let Some(request) = request else { return (200, with_refusals("{}", &refused, code)) };
        let (status, answer) = self.service.answer(&asked.target, &request);
        (status, with_refusals(&answer, &refused, code))
    }

    fn serve_some_keys(&self, asked: &Asked) -> (u16, String) {
        let (request, left) = leave_keys(&asked.body, &mut self.inside.lock().unwrap().rng);
        let Some(request) = request else { return (200, with_unprocessed("{}", left)) };
        let (status, answer) = self.service.answer(&asked.target, &request);
        (status, with_unprocessed(&answer, left))
    }
}

impl Inside {
    fn decide(&mut self, asked: &Asked) -> Fate {
        let operation = asked.operation();
        let (number, stays, first) = match self.known.get(&asked.invocation) {
            Some((number, stays)) => (*number, *stays, false),
            None => (self.calls.len(), None, true),
        };
        if first {
            self.calls.push(operation.to_owned());
            self.known.insert(asked.invocation.clone(), (number, None));
        }
        let mut delay = Duration::ZERO..Duration::ZERO;
        let fault = match &self.plan {
            Plan::Sound => None,
            Plan::At { call, attempts, fault } => {
                let meets = *call == number && (first || *attempts == Attempts::Every) && fault.can_meet(operation);
                meets.then_some(*fault)
            }
            Plan::Drawn { per_mille, faults } => {
                delay = Duration::from_millis(self.rng.u64(..=USUAL_DELAY_MS_MAX))
                    ..Duration::from_millis(self.rng.u64(..=USUAL_DELAY_MS_MAX));
                let fitting: Vec<Fault> = faults.iter().copied().filter(|fault| fault.can_meet(operation)).collect();
                let unlucky = self.rng.u16(..1000) < *per_mille;
                let drawn = if unlucky { self.rng.choice(fitting) } else { None };
                if first && self.rng.u8(..ONE_STAYS_OF) == 0 {
                    self.known.insert(asked.invocation.clone(), (number, drawn));
                }
                stays.or(drawn)
            }
        };
        if let Some(fault) = fault {
            *self.committed.entry(fault).or_default() += 1;
        }
        Fate { fault, there: delay.start, back: delay.end }
    }
}

impl HttpConnector for FaultyHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().ask(Asked::read(&request)))
    }
}

impl HttpClient for FaultyHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Waits on the runtime's clock; a duration of zero needs no clock.
async fn pass(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn lost(what: &str) -> ConnectorError {
    ConnectorError::io(format!("{what} was lost on purpose").into())
}

fn torn((status, mut body): (u16, String)) -> (u16, String) {
    body.truncate(body.len() / 2);
    (status, body)
}

fn broken() -> (u16, String) {
    (500, json!({"__type": "InternalServerError", "message": "broken on purpose"}).to_string())
}

fn failure(code: &str) -> (u16, String) {
    (400, json!({"__type": code, "message": "refused on purpose"}).to_string())
}
