//! The handler of export-records: `POST /exports`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
pub mod response;
mod route;

use alims_domain::limits::EXPORT_REQUEST_SECONDS;
use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::export_records::{self as operation, Ports};
use alims_operations::exporting::ExportedLog;
use alims_operations::ports::{AuditEntries, ExportStarter, ExportStore, Signer};
use lambda_http::{Body, Request, Response};
use std::time::Duration;

pub use route::ROUTE;

/// Answers one request.
pub async fn export_records<L, X, S, J>(ports: &Ports<L, X, S, J>, request: Request) -> Response<Body>
where
    L: ExportedLog + AuditEntries,
    X: ExportStore,
    S: Signer,
    J: ExportStarter,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L, X, S, J>(ports: &Ports<L, X, S, J>, request: &Incoming) -> Result<Answer, Problem>
where
    L: ExportedLog + AuditEntries,
    X: ExportStore,
    S: Signer,
    J: ExportStarter,
{
    let (call, new) = request::read(request)?;
    let time = tokio::time::sleep(Duration::from_secs(EXPORT_REQUEST_SECONDS.into()));
    let exported = operation::export_records(ports, &call, &new, time).await.map_err(problems::problem)?;
    response::exported(exported)
}
