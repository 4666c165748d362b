//! The handler of release-workflow: `POST /workflows/{workflow_id}/release`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::ports::{QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::release_workflow::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::response::ReleaseReport;

pub use route::ROUTE;

/// Answers one request.
pub async fn release_workflow<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    request: Request,
) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    request: &Incoming,
) -> Result<Answer, Problem> {
    let (call, workflow_id, release) = request::read(request)?;
    let released =
        operation::release_workflow(ports, &call, &workflow_id, &release).await.map_err(problems::problem)?;
    Answer::ok(&ReleaseReport::new(workflow_id, released))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_break, a_created_of, a_key_of, a_quarantine, at};
    use alims_testing::{EverybodyMay, FixedClock, MemoryIndex, MemoryLog, SequentialIds};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_quarantined_workflow_is_released_once_and_told_of_again() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let log = MemoryLog::default();
        log.overwrite(a_created_of(&key));
        let ports = Ports {
            log: log.clone(),
            index: MemoryIndex::default(),
            policy: Arc::new(EverybodyMay),
            clock: Arc::new(FixedClock::new(at(9000))),
            ids: Arc::new(SequentialIds::default()),
        };
        let named = a_break(1).id();
        let body = format!(r#"{{"breaks": ["{}"], "reason": "compared with the paper record"}}"#, named.as_str());
        let event = GatewayEvent::of(&ROUTE).body(body);
        let seen = Seen::from(release_workflow(&ports, event.request()).await);
        assert_eq!((seen.status, seen.code()), (409, "workflow-not-quarantined"));
        log.record_quarantine(&a_quarantine(&key, &a_break(1))).await.expect("a quarantine");
        for repeated in [false, true] {
            let seen = Seen::from(release_workflow(&ports, event.request()).await);
            assert_eq!((seen.status, &seen.body["repeated"]), (200, &repeated.into()), "{}", seen.body);
            assert_eq!(seen.body["released"][0]["broken_at_version"], 1);
        }
        let bare = Seen::from(release_workflow(&ports, event.body("{}").request()).await);
        assert_eq!((bare.status, bare.code()), (400, "malformed-request"));
    }
}
