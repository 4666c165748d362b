//! The handler of recover-workflow: `POST /workflows/{workflow_id}/recovery`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_edge::wire::RecoveryReport;
use alims_operations::ports::{RecoveryLog, RecoveryStarter, WorkflowLog};
use alims_operations::recover_workflow::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

pub use route::ROUTE;

/// Answers one request.
pub async fn recover_workflow<L, S>(ports: &Ports<L, S>, request: Request) -> Response<Body>
where
    L: WorkflowLog + RecoveryLog,
    S: RecoveryStarter,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L, S>(ports: &Ports<L, S>, request: &Incoming) -> Result<Answer, Problem>
where
    L: WorkflowLog + RecoveryLog,
    S: RecoveryStarter,
{
    let (call, workflow_id, reason) = request::read(request)?;
    let claim = operation::recover_workflow(ports, &call, &workflow_id, reason).await.map_err(problems::problem)?;
    let location = format!("/workflows/{workflow_id}/recovery");
    Ok(Answer::ok(&RecoveryReport::running(claim))?.accepted().located_at(location))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::StartPorts;
    use alims_testing::builders::{a_created_of, a_key_of, at};
    use alims_testing::{CallFault, EverybodyMay, Faulty, FixedClock, MemoryLog, MemoryStarter, Script, SequentialIds};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_recovery_is_started_once_however_often_it_is_asked_for() {
        let log = MemoryLog::default();
        log.overwrite(a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-1")));
        let starter = MemoryStarter::default();
        let ports = Ports {
            starting: StartPorts {
                log,
                starter: Faulty::new(starter.clone(), &Script::failing(0, CallFault::BeforeEffect)),
                clock: Arc::new(FixedClock::new(at(9000))),
            },
            policy: Arc::new(EverybodyMay),
            ids: Arc::new(SequentialIds::default()),
        };
        let event = GatewayEvent::of(&ROUTE).body(r#"{"reason": "repaired"}"#);
        let unavailable = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((unavailable.status, unavailable.code()), (503, "storage-unavailable"));
        let seen = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.body["status"]), (202, &"running".into()), "{}", seen.body);
        assert_eq!(seen.headers["location"], "/workflows/wf-1/recovery");
        let again = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((again.status, &again.body["recovery_id"]), (202, &seen.body["recovery_id"]));
        assert_eq!(starter.started(), 1);
    }
}
