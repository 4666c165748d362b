//! The HTTP edge of the laptop: API Gateway's part on AWS, and the pages that only a laptop has.

mod body;
mod documents;
pub(crate) mod elsewhere;
mod events;
pub(crate) mod functions;
mod gateway;
mod limits;
mod pages;
pub(crate) mod problem;

pub use limits::BODY_BYTES_MAX;

use alims_dynamodb::DynamoLog;
use alims_edge::route::Route;
use alims_interface::ROUTES;
use alims_operations::ports::{AccessPolicy, Clock, Ids};
use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams, Request};
use axum::response::Response;
use axum::routing::{any, get};
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, Method};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::archive::Archive;
use crate::guard::Guard;
use crate::key::SigningKey;
use crate::login::{self, Provider};
use crate::token::{TokenRefused, Verifier};
use body::BodyBudget;
use events::Events;
use functions::Functions;
use gateway::{Circumstances, event, response};
use problem::{EdgeProblem, name_request};

/// How many requests are worked on at once. Further ones wait.
const IN_WORK_MAX: usize = 128;
/// How long a request waits to be worked on.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The shared state of the routes.
pub(crate) struct Edge {
    functions: Functions,
    verifier: Verifier,
    events: Events,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    here: SocketAddr,
    /// Notified after every change, for the stream pump.
    written: Arc<Notify>,
    bodies: BodyBudget,
    in_work: Semaphore,
}

/// The parts of an edge.
pub(crate) struct Parts {
    pub(crate) functions: Functions,
    pub(crate) verifier: Verifier,
    pub(crate) policy: Arc<dyn AccessPolicy>,
    pub(crate) log: DynamoLog,
    pub(crate) archive: Arc<Archive>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) here: SocketAddr,
    pub(crate) guard: Guard,
    pub(crate) written: Arc<Notify>,
    pub(crate) stop: CancellationToken,
}

/// Every route of the server.
pub(crate) fn router(parts: Parts, key: &SigningKey, provider: Arc<Provider>, downloads: Router) -> Router {
    let documents = documents::routes(key);
    let Parts { functions, verifier, policy, log, archive, clock, ids, here, guard, written, stop } = parts;
    let naming = ids.clone();
    let (tokens, places) = (functions.tokens(), Events::places());
    let events = Events { tokens, policy, log, archive, clock: clock.clone(), stop, places };
    let edge = Arc::new(Edge {
        functions,
        verifier,
        events,
        clock,
        ids,
        here,
        written,
        bodies: BodyBudget::new(),
        in_work: Semaphore::new(IN_WORK_MAX),
    });
    let mut router = Router::new();
    for path in ROUTES.iter().map(|operation| operation.path).collect::<BTreeSet<&str>>() {
        let edge = edge.clone();
        router = router.route(path, any(move |request| call(edge, path, request)));
    }
    let listening = edge.clone();
    let (lost, fileless) = (edge.clone(), edge.clone());
    let pages = pages::routes(provider.clone(), move || EdgeProblem::NoRoute.into_response(&fileless.fresh_id()));
    let routes = router
        .route("/events", get(move |request| listen(listening, request)))
        .merge(documents)
        .merge(downloads)
        .merge(login::routes(provider))
        .merge(pages)
        .fallback(async move || EdgeProblem::NoRoute.into_response(&lost.fresh_id()))
        .method_not_allowed_fallback(async move || EdgeProblem::NoRoute.into_response(&edge.fresh_id()));
    guard.before(routes, move |foreign| EdgeProblem::Foreign(foreign).into_response(&naming.fresh().to_string()))
}

/// Calls the function of the operation that has this path and the request's method. A route of an HTTP API is both: it
/// answers another method as another path, and HEAD as well where there is a GET.
async fn call(edge: Arc<Edge>, path: &'static str, request: Request) -> Response {
    let request_id = edge.fresh_id();
    let asked_for = |operation: &&&Route| operation.path == path && operation.method == request.method();
    let Some(operation) = ROUTES.iter().find(asked_for) else {
        return EdgeProblem::NoRoute.into_response(&request_id);
    };
    let mut response = match edge.call(operation, request, &request_id).await {
        Ok(response) => response,
        Err(problem) => return problem.into_response(&request_id),
    };
    name_request(&mut response, &request_id);
    response
}

/// Sends events to a listener.
async fn listen(edge: Arc<Edge>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = edge.fresh_id();
    let authenticated = edge.authenticate(&parts.headers).inspect_err(|_| log_refused(&parts, &request_id));
    let listening =
        authenticated.and_then(|caller| edge.events.listen(&parts, (caller.token, &caller.claims), &request_id));
    let named = |mut response| {
        name_request(&mut response, &request_id);
        response
    };
    listening.map_or_else(|problem| problem.into_response(&request_id), named)
}

/// What is known of a caller whose token is verified.
struct Caller<'a> {
    token: &'a str,
    claims: Map<String, Value>,
    scopes: Option<Vec<String>>,
}

impl Edge {
    fn fresh_id(&self) -> String {
        self.ids.fresh().to_string()
    }

    /// Whose token it is. One that API Gateway's authorizer would reject never reaches a function.
    fn authenticate<'a>(&self, headers: &'a HeaderMap) -> Result<Caller<'a>, EdgeProblem> {
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        let header = sent.next().and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or(EdgeProblem::Unauthenticated(TokenRefused::Missing))?;
        // Of several tokens a function could not tell which one was verified.
        if sent.next().is_some() {
            return Err(EdgeProblem::Unauthenticated(TokenRefused::Malformed));
        }
        let claims = self.verifier.verify(token.trim()).map_err(EdgeProblem::Unauthenticated)?;
        let scopes = self.verifier.scopes(&claims).map_err(EdgeProblem::ScopeMissing)?;
        Ok(Caller { token: token.trim(), claims, scopes })
    }

    async fn call(
        &self,
        operation: &'static Route,
        request: Request,
        request_id: &str,
    ) -> Result<Response, EdgeProblem> {
        let (mut parts, body) = request.into_parts();
        let authenticated = self.authenticate(&parts.headers).inspect_err(|_| log_refused(&parts, request_id));
        let Caller { claims, scopes, .. } = authenticated?;
        let (body, _share) = self.bodies.read(&parts.headers, body).await?;
        // Only now: a request that is still arriving keeps no other from being worked on.
        let waited = tokio::time::timeout(WAIT_MAX, self.in_work.acquire()).await;
        let Ok(Ok(_working)) = waited else { return Err(EdgeProblem::Busy) };

        let peer = ConnectInfo::<SocketAddr>::from_request_parts(&mut parts, &()).await;
        let path_parameters = path_parameters(&mut parts).await?;
        let route_key = format!("{} {}", operation.method, operation.path);
        let circumstances = Circumstances {
            request_id,
            route_key: &route_key,
            path_parameters,
            claims: &claims,
            scopes,
            peer: peer.map_or(self.here, |ConnectInfo(peer)| peer),
            here: self.here,
            now: self.clock.now(),
        };
        let event = event(&parts, body, &circumstances).ok_or(EdgeProblem::TooLarge)?;
        let answer = self.functions.invoke(operation, event, request_id.to_owned()).await;
        if operation.method != Method::GET {
            self.written.notify_one();
        }
        response(&answer?).ok_or(EdgeProblem::Broken)
    }
}

/// Logs who sent a token that is refused, as the access log of API Gateway does: the token itself names no caller.
fn log_refused(request: &http::request::Parts, request_id: &str) {
    let source_ip = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_string());
    let user_agent = request.headers.get(USER_AGENT).map(|agent| agent.as_bytes().escape_ascii().to_string());
    tracing::warn!(request_id, source_ip, user_agent, path = request.uri.path(), "a request without a valid token");
}

/// The parameters of the route, decoded.
async fn path_parameters(parts: &mut http::request::Parts) -> Result<BTreeMap<String, String>, EdgeProblem> {
    const NOT_TEXT: EdgeProblem = EdgeProblem::Malformed("the path is not UTF-8");
    let parameters = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| NOT_TEXT)?;
    Ok(parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
