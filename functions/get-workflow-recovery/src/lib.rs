//! The handler of get-workflow-recovery: `GET /workflows/{workflow_id}/recovery`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::named_workflow;
use alims_operations::get_workflow_recovery::{self as operation, Ports};
use alims_operations::ports::{QuarantineLog, RecoveryLog, RecoveryStarter, WorkflowLog};
use lambda_http::{Body, Request, Response};

pub use route::ROUTE;

/// Answers one request.
pub async fn get_workflow_recovery<L, S>(ports: &Ports<L, S>, request: Request) -> Response<Body>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    S: RecoveryStarter,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L, S>(ports: &Ports<L, S>, request: &Incoming) -> Result<Answer, Problem>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    S: RecoveryStarter,
{
    let (call, workflow_id) = named_workflow(request)?;
    let found = operation::get_workflow_recovery(ports, &call, &workflow_id).await.map_err(problems::problem)?;
    Answer::ok(&response::report(workflow_id, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::recovery::document::RecoveryDocument;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::EndedHow;
    use alims_testing::builders::{a_claim, a_created_of, a_full_record, a_key_of};
    use alims_testing::{EverybodyMay, MemoryLog, MemoryStarter};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_recovery_is_told_of_from_before_its_start_to_its_end() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let (log, starter) = (MemoryLog::default(), MemoryStarter::default());
        log.overwrite(a_created_of(&key));
        let ports = Ports { log: log.clone(), starter: starter.clone(), policy: Arc::new(EverybodyMay) };
        let event = GatewayEvent::of(&ROUTE);
        let status = async || {
            let seen = Seen::from(get_workflow_recovery(&ports, event.request()).await);
            (seen.status, seen.body["status"].as_str().map(str::to_owned))
        };
        let told = |status: &str| (200, Some(status.to_owned()));
        assert_eq!(status().await, told("none"));
        let claim = a_claim(&key, 1, 1);
        log.claim_recovery(&claim).await.expect("a claim");
        assert_eq!(status().await, told("running"), "claimed, and about to be started");
        starter.start(&RecoveryDocument::of(&claim)).await.expect("a start");
        assert_eq!(status().await, told("running"));
        starter.end(&claim.recovery_id, EndedHow::TimedOut);
        assert_eq!(status().await, told("gave-up"));
        log.record_recovery(&a_full_record(&claim)).await.expect("an outcome");
        assert_eq!(status().await, told("refused"));
        let seen = Seen::from(get_workflow_recovery(&ports, event.clone().workflow("wf-2").request()).await);
        assert_eq!(seen.code(), "workflow-not-found");
    }
}
