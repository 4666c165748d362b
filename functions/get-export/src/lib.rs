//! The handler of get-export: `GET /exports/{export_id}`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_edge::wire::Export;
use alims_operations::get_export::{self as operation, Ports};
use alims_operations::ports::ExportStore;
use lambda_http::{Body, Request, Response};

pub use route::ROUTE;

/// Answers one request.
pub async fn get_export<X: ExportStore>(ports: &Ports<X>, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<X: ExportStore>(ports: &Ports<X>, request: &Incoming) -> Result<Answer, Problem> {
    let (call, export_id) = request::read(request)?;
    let found = operation::get_export(ports, &call, export_id).await.map_err(problems::problem)?;
    Answer::ok(&Export::from(found))
}
