//! The functions behind the routes, called as Lambda calls them: an event in, an answer out, a panic contained.

use alims_domain::authentication::FreshAuthentication;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_edge::reader::token::TokenReader;
use alims_edge::route::Route;
use alims_interface::ROUTES;
use alims_operations::{DecisionPorts, PublishPorts, ReadPorts, StartPorts};
use futures_util::future::BoxFuture;
use http::Response;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Context, LambdaEvent, Request, Service, service_fn};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::anchoring::LocalWitness;
use crate::bus::LocalBus;
use crate::edge::elsewhere::Elsewhere;
use crate::edge::problem::EdgeProblem;
use crate::exports::ExportJobs;
use crate::recoveries::LocalStarter;
use crate::rules::SharedRules;
use crate::start_error::StartError;

/// How long a function may take: API Gateway waits no longer.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(29);

/// What the server's functions decide with.
pub(crate) type Decides = DecisionPorts<DynamoLog, SharedRules>;
/// What the server's publisher works with.
pub(crate) type Publishes = PublishPorts<DynamoLog, DynamoIndex, LocalBus>;

/// One handler with its ports, ready to be called any number of times at once.
type Handler = Arc<dyn Fn(Request) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// Every function that has a route.
pub(crate) struct Functions {
    tokens: Arc<TokenReader>,
    handlers: HashMap<&'static str, Handler>,
    /// Called instead of the handlers, where the server was told so.
    elsewhere: Option<Elsewhere>,
}

/// Binds the handler of an operation to its ports.
macro_rules! handler {
    ($ports:expr, $operation:ident) => {{
        let ports = Arc::new($ports);
        let handler: Handler = Arc::new(move |request| {
            let ports = ports.clone();
            Box::pin(async move { alims_interface::$operation::$operation(&ports, request).await })
        });
        (alims_interface::$operation::ROUTE.name, handler)
    }};
}

/// What release-workflow works with.
fn releasing(
    decides: &Decides,
    publishes: &Publishes,
) -> alims_operations::release_workflow::Ports<DynamoLog, DynamoIndex> {
    alims_operations::release_workflow::Ports {
        log: publishes.log.clone(),
        index: publishes.index.clone(),
        policy: decides.policy.clone(),
        clock: decides.clock.clone(),
        ids: decides.ids.clone(),
    }
}

/// What review-audit-trail works with.
fn reviewing(decides: &Decides, publishes: &Publishes) -> alims_operations::review_audit_trail::Ports<DynamoLog> {
    alims_operations::review_audit_trail::Ports {
        log: publishes.log.clone(),
        policy: decides.policy.clone(),
        clock: decides.clock.clone(),
        ids: decides.ids.clone(),
    }
}

impl Functions {
    /// Binds every handler to its ports.
    pub(crate) fn new(
        tokens: Arc<TokenReader>,
        decides: &Decides,
        publishes: &Publishes,
        starting: &StartPorts<DynamoLog, LocalStarter>,
        exports: &ExportJobs,
        anchors: LocalWitness,
    ) -> Self {
        let log = ReadPorts { store: publishes.log.clone(), policy: decides.policy.clone() };
        let index = ReadPorts { store: publishes.index.clone(), policy: decides.policy.clone() };
        let evaluating = alims_operations::get_workflow_state::Ports {
            reading: log.clone(),
            rules: decides.rules.clone(),
            clock: decides.clock.clone(),
        };
        let following = alims_operations::get_workflow_recovery::Ports {
            log: publishes.log.clone(),
            starter: starting.starter.clone(),
            policy: decides.policy.clone(),
        };
        let requesting = alims_operations::recover_workflow::Ports {
            starting: starting.clone(),
            policy: decides.policy.clone(),
            ids: decides.ids.clone(),
        };
        let (releasing, reviewing) = (releasing(decides, publishes), reviewing(decides, publishes));
        let replaying = alims_operations::replay_events::Ports {
            publishing: publishes.clone(),
            policy: decides.policy.clone(),
            clock: decides.clock.clone(),
            ids: decides.ids.clone(),
        };
        let verifying = alims_operations::verify_workflow_history::Ports {
            reading: log.clone(),
            index: publishes.index.clone(),
            anchors,
        };
        let rulesets = alims_operations::list_rulesets::Ports {
            rulesets: Arc::new(decides.rules.rules.rulesets()),
            policy: decides.policy.clone(),
        };
        let signing = alims_operations::sign_workflow::Ports {
            decision: decides.clone(),
            needed: FreshAuthentication::default(),
        };
        let listing = alims_operations::list_workflows::Ports {
            log: publishes.log.clone(),
            index: publishes.index.clone(),
            policy: decides.policy.clone(),
            clock: decides.clock.clone(),
        };
        let acting = alims_operations::list_activity::Ports { reading: log.clone(), clock: decides.clock.clone() };
        let handlers = HashMap::from([
            handler!(index.clone(), get_sweep),
            handler!(exports.requesting(decides.policy.clone()), export_records),
            handler!(exports.reading(decides.policy.clone()), get_export),
            handler!(decides.clone(), amend_workflow),
            handler!(decides.clone(), batch_state_transitions),
            handler!(index, count_workflows),
            handler!(decides.clone(), create_workflow),
            handler!(alims_operations::get_caller::Ports { policy: decides.policy.clone() }, get_caller),
            handler!(evaluating, get_workflow_state),
            handler!(decides.clone(), request_state_transition),
            handler!(signing, sign_workflow),
            handler!(rulesets, list_rulesets),
            handler!(listing, list_workflows),
            handler!(log, get_workflow_history),
            handler!(acting, list_activity),
            handler!(reviewing, review_audit_trail),
            handler!(verifying, verify_workflow_history),
            handler!(requesting, recover_workflow),
            handler!(following, get_workflow_recovery),
            handler!(replaying, replay_events),
            handler!(releasing, release_workflow),
        ]);
        Self { tokens, handlers, elsewhere: None }
    }

    /// The same, or those in another process.
    pub(crate) fn or(self, elsewhere: Option<Elsewhere>) -> Self {
        Self { elsewhere, ..self }
    }

    /// How the functions read tokens.
    pub(crate) fn tokens(&self) -> Arc<TokenReader> {
        self.tokens.clone()
    }

    /// The functions, when there is one for every operation that has a route.
    ///
    /// # Errors
    /// When one is missing: a bug, found at the start.
    pub(crate) fn complete(self) -> Result<Self, StartError> {
        match ROUTES.iter().map(|operation| operation.name).find(|name| !self.handlers.contains_key(name)) {
            Some(name) => Err(StartError::Bug(format!("the operation {name} has no function here"))),
            None => Ok(self),
        }
    }

    /// Calls an operation's function with an event and gives its answer, both as JSON text.
    ///
    /// The caller may go away: the function goes on to its end, as it does on Lambda.
    pub(crate) async fn invoke(
        &self,
        operation: &Route,
        event: String,
        request_id: String,
    ) -> Result<String, EdgeProblem> {
        if let Some(elsewhere) = &self.elsewhere {
            let called = tokio::time::timeout(FUNCTION_TIMEOUT, elsewhere.invoke(operation, event)).await;
            return called.unwrap_or(Err(EdgeProblem::TimedOut));
        }
        let handler = self.handlers.get(operation.name).ok_or(EdgeProblem::Broken)?.clone();
        let (name, tokens) = (operation.name, self.tokens.clone());
        let called = tokio::spawn(async move {
            let request: LambdaRequest = serde_json::from_str(&event)?;
            drop(event);
            let mut context = Context::default();
            context.request_id = request_id;
            let service = service_fn(move |request| {
                let answered = handler(tokens.attach(request));
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let Ok(answer) = Adapter::from(service).call(LambdaEvent::new(request, context)).await;
            serde_json::to_string(&answer)
        });
        match tokio::time::timeout(FUNCTION_TIMEOUT, called).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => {
                tracing::error!(operation = name, %error, "an event or an answer has no JSON");
                Err(EdgeProblem::Broken)
            }
            Ok(Err(error)) => {
                // What it panicked with may hold data of the request.
                tracing::error!(operation = name, panicked = error.is_panic(), "the function panicked");
                Err(EdgeProblem::Broken)
            }
            Err(_) => Err(EdgeProblem::TimedOut),
        }
    }
}
