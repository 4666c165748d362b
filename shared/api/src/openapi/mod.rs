//! The OpenAPI document: built from the table of operations and from the types themselves.

mod parameters;
mod requests;
mod responses;
mod routes;
mod schemas;

use std::collections::BTreeMap;
use std::error::Error;
use utoipa::openapi::info::{Info, License};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Paths};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi, Ref, ResponsesBuilder};

use crate::operations::OPERATIONS;
use crate::problem::ProblemCode;
use responses::Shared;
use routes::Route;

pub use requests::{Failure, RecoveryRequest, ReleaseRequest, ReplayRequest, StateTransitionRequest, WorkflowCreate};

/// The name of the one way to say who calls.
const BEARER: &str = "bearer";

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut info = Info::new("ALIMS Workflow Manager", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let mut paths = Paths::new();
    let mut shared = BTreeMap::new();
    for operation in OPERATIONS {
        let Route { summary, description, parameters, body, successes, problems } = routes::route(operation);
        let mut responses = ResponsesBuilder::new().responses_from_iter(successes);
        let codes: Vec<ProblemCode> = problems.iter().copied().chain(routes::OF_ANY_REQUEST).collect();
        for Shared { status, name, response } in responses::problems(&codes) {
            responses = responses.response(status, Ref::from_response_name(&name));
            shared.insert(name, response);
        }
        let method = if operation.method == http::Method::POST { HttpMethod::Post } else { HttpMethod::Get };
        let documented = OperationBuilder::new()
            .operation_id(Some(operation.operation_id))
            .summary(Some(summary))
            .description(Some(description))
            .parameters(Some(parameters))
            .request_body(body)
            .responses(responses.build());
        paths.add_path_operation(operation.path, vec![method], documented.build());
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some("The service reads `sub`, `tenant_id` and `roles` from the verified token."));
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas::all())
        .responses_from_iter(shared)
        .security_scheme(BEARER, SecurityScheme::Http(bearer.build()))
        .build();
    let mut document = OpenApi::new(info, paths);
    document.components = Some(components);
    document.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    document
}

/// The document as the repository keeps it.
///
/// # Errors
/// When it has no YAML, which is a bug.
pub fn yaml() -> Result<String, impl Error + Send + Sync + 'static> {
    const NOTE: &str = "# Generated from the types of alims-api by `cargo xtask openapi`. Do not edit.\n";
    document().to_yaml().map(|text| format!("{NOTE}{text}"))
}

const DESCRIPTION: &str = "\
Owns the lifecycle of laboratory workflows: creates them, changes their state, returns their state and history, and \
recovers them.

The service keeps every version of a workflow, and a hash links each version to the one before it. Each transition \
makes the next version. Name the version you decided on, by `If-Match` or `expected_version`: the service refuses the \
transition if the workflow has changed since (optimistic concurrency). You may repeat a request with an \
`Idempotency-Key` until you get an answer.

An error is a problem document (RFC 9457, `application/problem+json`). Its `code` names the kind of error; the \
workflow stays unchanged. The service omits absent values and sends no null, except `from_state` of version 1. It returns \
numbers as sent, and refuses numbers that a double cannot represent exactly.";
