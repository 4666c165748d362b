//! The handler of verify-workflow-history: `GET /workflows/{workflow_id}/history/verification`.

pub mod cursor;
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
use alims_operations::ports::{AnchorWitness, OverdueLog, QuarantineLog, RecoveryLog, WorkflowIndex, WorkflowLog};
use alims_operations::verify_workflow_history::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::request::VerificationRequest;
use crate::response::Verification;

pub use route::ROUTE;

/// Answers one request.
pub async fn verify_workflow_history<L, I, W>(ports: &Ports<L, I, W>, request: Request) -> Response<Body>
where
    L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog,
    I: WorkflowIndex,
    W: AnchorWitness,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L, I, W>(ports: &Ports<L, I, W>, request: &Incoming) -> Result<Answer, Problem>
where
    L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog,
    I: WorkflowIndex,
    W: AnchorWitness,
{
    let (call, VerificationRequest { workflow_id, reached, cursors }) = request::read(request)?;
    let found = operation::verify_workflow_history(ports, &call, &workflow_id, reached).await;
    Answer::ok(&Verification::new(workflow_id, found.map_err(problems::problem)?, &cursors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ReadPorts;
    use alims_testing::builders::{a_chain, a_key_of, version};
    use alims_testing::{EverybodyMay, MemoryIndex, MemoryLog, no_anchors};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_sound_history_is_valid_and_a_gap_is_a_finding() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let store = MemoryLog::default();
        for version in a_chain(&key, 4, 7) {
            store.overwrite(version);
        }
        let reading = ReadPorts { store: store.clone(), policy: Arc::new(EverybodyMay) };
        let ports = Ports { reading, index: MemoryIndex::default(), anchors: no_anchors() };
        let event = GatewayEvent::of(&ROUTE);
        let sound = Seen::from(verify_workflow_history(&ports, event.request()).await);
        assert_eq!(
            (sound.status, &sound.body["valid"], &sound.body["versions_checked"]),
            (200, &true.into(), &4.into())
        );
        store.remove(&key, version(3));
        let gap = Seen::from(verify_workflow_history(&ports, event.request()).await);
        assert_eq!((gap.status, &gap.body["valid"], &gap.body["fault"]), (200, &false.into(), &"missing".into()));
        assert_eq!(gap.body["broken_at_version"], 3);
    }
}
