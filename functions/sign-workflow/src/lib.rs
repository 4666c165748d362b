//! The handler of sign-workflow: `POST /workflows/{workflow_id}/signatures`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
pub mod response;
mod route;
pub mod settings;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use alims_operations::sign_workflow::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::request::SignatureCall;

pub use route::ROUTE;

/// Answers one request.
pub async fn sign_workflow<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: Request,
) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: &Incoming,
) -> Result<Answer, Problem> {
    let SignatureCall { call, workflow_id, request, dry_run, if_match } = request::read(request)?;
    let refused = |error| problems::problem(error).under_if_match(if_match);
    if dry_run {
        let tried = operation::try_signature(ports, &call, &workflow_id, &request).await;
        response::would_sign(tried.map_err(refused)?)
    } else {
        let signed = operation::sign_workflow(ports, &call, &workflow_id, &request).await;
        response::signed(signed.map_err(refused)?)
    }
}

#[cfg(test)]
mod tests;
