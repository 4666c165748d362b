//! Reads the caller, only from the claims that the gateway's authorizer verified.

use alims_domain::call::{Call, Principal};
use http::header::AUTHORIZATION;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use std::collections::HashMap;
use std::sync::Arc;

use crate::problem::Problem;
use crate::reader::faults::Faults;
use crate::reader::headers;
use crate::reader::token::{IgnoredNames, TokenReader};

/// Reads the caller, and the headers of the call.
///
/// # Errors
/// [`Problem::Unauthenticated`], when the gateway verified no token or its claims name no principal.
pub fn call(request: &Request, faults: &mut Faults) -> Result<Call, Problem> {
    let (principal, ignored) = principal(request)?;
    let request_id = request_id(request);
    ignored.log(&request_id);
    let correlation_id = headers::correlation_id(request.headers(), faults);
    let idempotency_key = headers::idempotency_key(request.headers(), faults);
    // A request without a correlation id starts a correlation of its own.
    let correlation_id = correlation_id.or_else(|| request_id.parse().ok());
    Ok(Call { principal, request_id, correlation_id, idempotency_key })
}

/// The gateway's id of the request.
#[must_use]
pub fn request_id(request: &Request) -> String {
    let gateway = context(request).and_then(|context| context.request_id.clone());
    let lambda = || request.lambda_context_ref().map(|context| context.request_id.clone());
    gateway.or_else(lambda).filter(|id| !id.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// The caller's tenant, for the log; none when the caller is unknown.
#[must_use]
pub fn tenant_named(request: &Request) -> Option<String> {
    principal(request).ok().map(|(principal, _)| principal.tenant_id.to_string())
}

fn context(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() { Some(context) } else { None }
}

fn claims(request: &Request) -> Option<&HashMap<String, String>> {
    Some(&context(request)?.authorizer.as_ref()?.jwt.as_ref()?.claims)
}

fn principal(request: &Request) -> Result<(Principal, IgnoredNames), Problem> {
    let claims = claims(request).ok_or(Problem::Unauthenticated("The request carries no verified token"))?;
    let reader = request.extensions().get::<Arc<TokenReader>>();
    let reader = reader.ok_or_else(|| Problem::internal("nothing says how tokens are read"))?;
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    reader.principal(claims, authorization).map_err(Problem::Unauthenticated)
}
