//! The handler of get-workflow-state: `GET /workflows/{workflow_id}`.

use alims_api::answer::Answer;
use alims_api::exchange::Exchange;
use alims_api::operations::GET_WORKFLOW_STATE;
use alims_api::problem::Problem;
use alims_api::request;
use alims_core::operations::{Reading, get_workflow_state as operation};
use alims_core::ports::{QuarantineLog, WorkflowLog};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn get_workflow_state<L: WorkflowLog + QuarantineLog>(
    ports: &Reading<L>,
    request: Request,
) -> Response<Body> {
    let exchange = Exchange::open(&GET_WORKFLOW_STATE, &request);
    exchange.close(answer(ports, &request).await)
}

async fn answer<L: WorkflowLog + QuarantineLog>(ports: &Reading<L>, request: &Request) -> Result<Answer, Problem> {
    let (call, workflow_id) = request::named_workflow(request)?;
    let workflow = operation::get_workflow_state(ports, &call, &workflow_id).await?;
    Answer::state(workflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_api::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_created_of, a_key_of, version};
    use alims_testing::{EverybodyMay, MemoryLog, NobodyMay};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_workflow_is_shown_to_those_of_its_tenant_who_may_see_it() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let store = MemoryLog::default();
        store.overwrite(a_created_of(&key));
        let event = GatewayEvent::of(&GET_WORKFLOW_STATE);
        let ports = Reading { store: store.clone(), policy: Arc::new(EverybodyMay) };
        let seen = Seen::from(get_workflow_state(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.headers["etag"][..]), (200, "\"1\""));
        assert_eq!(seen.body["current_state"], "CREATED");
        for (event, status) in [
            (event.clone().claim("tenant_id", "other"), 404),
            (event.clone().workflow("wf-2"), 404),
            (event.clone().workflow("wf%2F2"), 400),
            (event.clone().query("verbose=true"), 400),
            (event.clone().anonymous(), 401),
        ] {
            assert_eq!(Seen::from(get_workflow_state(&ports, event.request()).await).status, status);
        }
        let nobody = Reading { store: store.clone(), policy: Arc::new(NobodyMay) };
        assert_eq!(Seen::from(get_workflow_state(&nobody, event.request()).await).code(), "forbidden");
        store.damage(&key, version(1), "on purpose");
        let seen = Seen::from(get_workflow_state(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.body["broken_at_version"]), (423, &1.into()));
    }
}
