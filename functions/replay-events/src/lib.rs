//! The handler of replay-events: `POST /workflows/{workflow_id}/replay`.

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
use alims_operations::ports::{EventBus, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::replay_events::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::response::ReplayReport;

pub use route::ROUTE;

/// Answers one request.
pub async fn replay_events<L, I, B>(ports: &Ports<L, I, B>, request: Request) -> Response<Body>
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L, I, B>(ports: &Ports<L, I, B>, request: &Incoming) -> Result<Answer, Problem>
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
{
    let (call, workflow_id, from) = request::read(request)?;
    let replay = operation::replay_events(ports, &call, &workflow_id, from).await.map_err(problems::problem)?;
    Ok(Answer::ok(&ReplayReport::new(workflow_id, replay))?.accepted())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;
    use alims_domain::projection::IndexEntry;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::PublishPorts;
    use alims_testing::builders::{a_created_of, a_key_of, a_move, at};
    use alims_testing::{EverybodyMay, FixedClock, MemoryBus, MemoryIndex, MemoryLog, NextPut, SequentialIds};
    use std::sync::Arc;

    #[tokio::test]
    async fn an_interrupted_replay_says_where_to_go_on_and_goes_on_there() {
        let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-1"));
        let active = a_move(&created, State::Active);
        let paused = a_move(&active, State::Paused);
        let (log, index, bus) = (MemoryLog::default(), MemoryIndex::default(), MemoryBus::default());
        index.overwrite(IndexEntry::from(&paused.event));
        for version in [created, active, paused] {
            log.overwrite(version);
        }
        let ports = Ports {
            publishing: PublishPorts { log, index, bus: bus.clone() },
            policy: Arc::new(EverybodyMay),
            clock: Arc::new(FixedClock::new(at(9000))),
            ids: Arc::new(SequentialIds::default()),
        };
        let replay = async |from: &str| {
            let event = GatewayEvent::of(&ROUTE).body(format!(r#"{{"from_version": {from}}}"#));
            Seen::from(replay_events(&ports, event.request()).await)
        };
        bus.then(NextPut::Accept);
        bus.then(NextPut::RefuseEntries(vec![0]));
        let interrupted = replay("1").await;
        assert_eq!((interrupted.status, interrupted.code()), (503, "storage-unavailable"));
        let next = interrupted.body["next_version"].to_string();
        let seen = replay(&next).await;
        assert_eq!((seen.status, &seen.body["to_version"], next.as_str()), (202, &3.into(), "2"), "{}", seen.body);
        assert_eq!(bus.accepted().len(), 3);
        assert_eq!(replay("4").await.code(), "malformed-request");
    }
}
