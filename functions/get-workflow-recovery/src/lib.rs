//! The handler of get-workflow-recovery: `GET /workflows/{workflow_id}/recovery`.

use alims_api::answer::Answer;
use alims_api::exchange::Exchange;
use alims_api::operations::GET_WORKFLOW_RECOVERY;
use alims_api::problem::Problem;
use alims_api::request;
use alims_api::wire::RecoveryStatus;
use alims_core::operations::get_workflow_recovery::{self as operation, Assessing};
use alims_core::ports::{WorkflowIndex, WorkflowLog};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn get_workflow_recovery<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Assessing<L, I>,
    request: Request,
) -> Response<Body> {
    let exchange = Exchange::open(&GET_WORKFLOW_RECOVERY, &request);
    exchange.close(answer(ports, &request).await)
}

async fn answer<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Assessing<L, I>,
    request: &Request,
) -> Result<Answer, Problem> {
    let (call, workflow_id) = request::named_workflow(request)?;
    let found = operation::get_workflow_recovery(ports, &call, &workflow_id).await?;
    Answer::ok(&RecoveryStatus::new(workflow_id, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_api::testing::{GatewayEvent, Seen};
    use alims_core::ports::IndexEntry;
    use alims_testing::builders::{a_created_of, a_key_of};
    use alims_testing::{EverybodyMay, MemoryIndex, MemoryLog};
    use std::sync::Arc;

    #[tokio::test]
    async fn what_was_not_published_needs_a_recovery() {
        let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-1"));
        let (log, index) = (MemoryLog::default(), MemoryIndex::default());
        log.overwrite(created.clone());
        let ports = Assessing { log, index: index.clone(), policy: Arc::new(EverybodyMay) };
        let event = GatewayEvent::of(&GET_WORKFLOW_RECOVERY);
        let seen = Seen::from(get_workflow_recovery(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.body["status"]), (200, &"needed".into()));
        index.overwrite(IndexEntry::from(&created.event));
        let seen = Seen::from(get_workflow_recovery(&ports, event.request()).await);
        assert_eq!((seen.status, &seen.body["status"]), (200, &"already-consistent".into()));
        let seen = Seen::from(get_workflow_recovery(&ports, event.workflow("wf-2").request()).await);
        assert_eq!(seen.code(), "workflow-not-found");
    }
}
