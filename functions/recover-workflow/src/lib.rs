//! The handler of recover-workflow: `POST /workflows/{workflow_id}/recovery`.

use alims_api::answer::Answer;
use alims_api::exchange::Exchange;
use alims_api::operations::RECOVER_WORKFLOW;
use alims_api::problem::Problem;
use alims_api::request;
use alims_api::wire::RecoveryReport;
use alims_core::operations::recover_workflow::{self as operation, Recovering};
use alims_core::ports::{EventBus, TransitionRules, WorkflowIndex, WorkflowLog};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn recover_workflow<L, I, B, R>(ports: &Recovering<L, I, B, R>, request: Request) -> Response<Body>
where
    L: WorkflowLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let exchange = Exchange::open(&RECOVER_WORKFLOW, &request);
    exchange.close(answer(ports, &request).await)
}

async fn answer<L, I, B, R>(ports: &Recovering<L, I, B, R>, request: &Request) -> Result<Answer, Problem>
where
    L: WorkflowLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let (call, workflow_id, reason) = request::recover_workflow(request)?;
    let recovery = operation::recover_workflow(ports, &call, &workflow_id, reason).await?;
    Answer::recovery(&RecoveryReport::new(workflow_id, recovery))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_api::testing::{GatewayEvent, Seen};
    use alims_core::lifecycle::State;
    use alims_core::operations::{Deciding, Publishing};
    use alims_testing::builders::{a_created_of, a_key_of, a_move, at};
    use alims_testing::{
        EverybodyMay, FixedClock, MemoryBus, MemoryIndex, MemoryLog, NextPut, RulesThatAllow, SequentialIds,
    };
    use std::sync::Arc;

    #[tokio::test]
    async fn a_failed_workflow_is_brought_back_and_its_events_published() {
        let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-1"));
        let active = a_move(&created, State::Active);
        let failed = a_move(&active, State::Failed);
        let (log, index, bus) = (MemoryLog::default(), MemoryIndex::default(), MemoryBus::default());
        for version in [created, active, failed] {
            log.overwrite(version);
        }
        let deciding = Deciding {
            log: log.clone(),
            rules: RulesThatAllow,
            policy: Arc::new(EverybodyMay),
            clock: Arc::new(FixedClock::new(at(9000))),
            ids: Arc::new(SequentialIds::default()),
        };
        let ports = Recovering { deciding, publishing: Publishing { log, index, bus: bus.clone() } };
        let event = GatewayEvent::of(&RECOVER_WORKFLOW).body(r#"{"reason": "repaired"}"#);
        bus.then(NextPut::FailBeforeEffect);
        let unavailable = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((unavailable.status, unavailable.code()), (503, "storage-unavailable"));
        let seen = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.body["outcome"]), (202, &"recovered".into()), "{}", seen.body);
        assert_eq!(seen.headers["location"], "/workflows/wf-1/recovery");
        let again = Seen::from(recover_workflow(&ports, event.request()).await);
        assert_eq!((again.status, &again.body["outcome"]), (202, &"already-consistent".into()));
        assert_eq!(bus.accepted().len(), 4);
    }
}
