//! The handler of get-caller: `GET /me`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::get_caller::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::response::Caller;

pub use route::ROUTE;

/// Answers one request.
pub async fn get_caller(ports: &Ports, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer(ports: &Ports, request: &Incoming) -> Result<Answer, Problem> {
    let call = request::read(request)?;
    Answer::ok(&Caller::from(operation::get_caller(ports, &call).await))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::access::Action;
    use alims_domain::signature::Meaning;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::AccessPolicy;
    use alims_testing::{EverybodyMay, NobodyMay, OnlyTheseMay};
    use serde_json::json;
    use std::sync::Arc;

    async fn seen(policy: impl AccessPolicy + 'static, event: &GatewayEvent) -> Seen {
        get_caller(&Ports { policy: Arc::new(policy) }, event.request()).await.into()
    }

    #[tokio::test]
    async fn a_caller_sees_principal_tenant_roles_and_permitted_actions() {
        let event = GatewayEvent::of(&ROUTE).claim("roles", json!(["supervisor", "analyst"]));
        let may = OnlyTheseMay(vec![
            Action::CreateWorkflow,
            Action::AmendWorkflow,
            Action::SignWorkflow(Meaning::Authorship),
            Action::SignWorkflow(Meaning::Approval),
        ]);
        let seen = seen(may, &event).await;
        let expected = json!({
            "principal": "alice",
            "tenant_id": "lab",
            "roles": ["analyst", "supervisor"],
            "permitted_actions": ["createWorkflow", "amendWorkflow", "signWorkflow"],
            "permitted_signatures": ["authorship", "approval"],
            "service_version": env!("CARGO_PKG_VERSION")
        });
        assert_eq!((seen.status, seen.body), (200, expected));
    }

    #[tokio::test]
    async fn one_who_may_do_nothing_learns_that() {
        let seen = seen(NobodyMay, &GatewayEvent::of(&ROUTE).claim("roles", json!([]))).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
        assert_eq!((&seen.body["roles"], &seen.body["permitted_actions"]), (&json!([]), &json!([])));
    }

    #[tokio::test]
    async fn a_request_without_a_caller_or_with_a_query_is_refused() {
        let event = || GatewayEvent::of(&ROUTE);
        for (event, status) in [
            (event().anonymous(), 401),
            (event().claim("sub", "null"), 401),
            (event().claim("tenant_id", "a b"), 401),
            (event().query("verbose=true"), 400),
            (event().query("workflow_type=free-form"), 400),
            (event().header("x-correlation-id", "a b"), 400),
        ] {
            let seen = seen(EverybodyMay, &event).await;
            assert_eq!(seen.status, status, "{}", seen.body);
            assert_eq!(seen.headers["content-type"], "application/problem+json");
        }
    }
}
