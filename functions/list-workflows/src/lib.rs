//! The handler of list-workflows: `GET /workflows`.

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
use alims_operations::list_workflows::{self as operation, Ports};
use alims_operations::ports::{QuarantineLog, WorkflowIndex, WorkflowLog};
use lambda_http::{Body, Request, Response};

use crate::request::ListRequest;
use crate::response::WorkflowList;

pub use route::ROUTE;

/// Answers one request.
pub async fn list_workflows<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
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
    let (call, ListRequest { filter, part, cursors }) = request::read(request)?;
    let quarantined = filter.quarantined;
    let page = operation::list_workflows(ports, &call, filter, part).await.map_err(problems::problem)?;
    Answer::ok(&WorkflowList::new(page, quarantined, &cursors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::projection::IndexEntry;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_created_of, a_key_of, at};
    use alims_testing::{EverybodyMay, FixedClock, MemoryIndex, MemoryLog};
    use std::sync::Arc;

    #[tokio::test]
    async fn pages_follow_one_another_to_the_end_by_their_cursors() {
        let index = MemoryIndex::default();
        for tenant in ["lab", "other"] {
            for number in 0..5 {
                let key = a_key_of(&tenant.parse().expect("a tenant"), &format!("wf-{number}"));
                index.overwrite(IndexEntry::from(&a_created_of(&key).event));
            }
        }
        let clock = Arc::new(FixedClock::new(at(0)));
        let ports = Ports { log: MemoryLog::default(), index, policy: Arc::new(EverybodyMay), clock };
        let (mut query, mut ids) = ("state=CREATED&limit=2".to_owned(), Vec::new());
        loop {
            let event = GatewayEvent::of(&ROUTE).query(&query);
            let seen = Seen::from(list_workflows(&ports, event.request()).await);
            assert_eq!(seen.status, 200, "{}", seen.body);
            ids.extend(seen.body["items"].as_array().into_iter().flatten().map(|item| item["workflow_id"].clone()));
            match seen.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
                Some(cursor) => query = format!("state=CREATED&limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(ids, ["wf-4", "wf-3", "wf-2", "wf-1", "wf-0"]);
        let forged = GatewayEvent::of(&ROUTE).query("cursor=AAAA");
        let seen = Seen::from(list_workflows(&ports, forged.request()).await);
        assert_eq!((seen.status, seen.code()), (400, "malformed-request"));
    }
}
