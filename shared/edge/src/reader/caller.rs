//! Reads the caller, only from the claims that the gateway's authorizer verified.

use alims_domain::authentication::Authentication;
use alims_domain::call::Principal;
use http::header::AUTHORIZATION;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use std::collections::HashMap;
use std::sync::Arc;

use crate::problem::Problem;
use crate::reader::token::{IgnoredNames, TokenReader};

/// The gateway's id of the request.
pub(crate) fn request_id(request: &Request) -> String {
    let gateway = context(request).and_then(|context| context.request_id.clone());
    let lambda = || request.lambda_context_ref().map(|context| context.request_id.clone());
    gateway.or_else(lambda).filter(|id| !id.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// Why a caller is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unread {
    /// The gateway verified no token, or its claims name no principal.
    Unauthenticated(&'static str),
    /// The process has not said how it reads tokens: a mistake in the wiring.
    NoReader,
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Unauthenticated(why) => Self::Unauthenticated(why),
            Unread::NoReader => Self::internal("nothing says how tokens are read"),
        }
    }
}

/// The caller, and the names among the roles that grant nothing.
///
/// # Errors
/// Why the caller is not known.
pub(crate) fn principal(request: &Request) -> Result<(Principal, IgnoredNames), Unread> {
    let claims = claims(request).ok_or(Unread::Unauthenticated("The request carries no verified token"))?;
    let reader = request.extensions().get::<Arc<TokenReader>>().ok_or(Unread::NoReader)?;
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    reader.principal(claims, authorization).map_err(Unread::Unauthenticated)
}

/// How the caller was authenticated; nothing is known where the gateway verified no token.
pub(crate) fn authentication(request: &Request) -> Authentication {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    claims(request).map(|claims| TokenReader::authentication(claims, authorization)).unwrap_or_default()
}

fn context(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() { Some(context) } else { None }
}

fn claims(request: &Request) -> Option<&HashMap<String, String>> {
    Some(&context(request)?.authorizer.as_ref()?.jwt.as_ref()?.claims)
}
