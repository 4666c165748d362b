//! The handler of get-workflow-history: `GET /workflows/{workflow_id}/history`.

pub mod cursor;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::get_workflow_history::{self as operation, Ports};
use alims_operations::ports::{OverdueLog, QuarantineLog, RecoveryLog, WorkflowLog};
use lambda_http::{Body, Request, Response};

use crate::request::HistoryRequest;
use crate::response::HistoryPage;

pub use route::ROUTE;

/// Answers one request.
pub async fn get_workflow_history<L>(ports: &Ports<L>, request: Request) -> Response<Body>
where
    L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog,
{
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L>(ports: &Ports<L>, request: &Incoming) -> Result<Answer, Problem>
where
    L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog,
{
    let (call, HistoryRequest { workflow_id, query, cursors }) = request::read(request)?;
    let page = operation::get_workflow_history(ports, &call, &workflow_id, query).await?;
    let page = HistoryPage::new(page, query.after, &cursors).map_err(Problem::internal)?;
    Answer::ok(&page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::access::Action;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_chain, a_key_of, a_refusal};
    use alims_testing::{EverybodyMay, MemoryLog, OnlyTheseMay};
    use std::sync::Arc;

    #[tokio::test]
    async fn pages_follow_one_another_to_the_end_by_their_cursors() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let store = MemoryLog::default();
        for version in a_chain(&key, 5, 7) {
            store.overwrite(version);
        }
        let ports = Ports { store: store.clone(), policy: Arc::new(EverybodyMay) };
        ports.store.record_refusal(&a_refusal(&key)).await.expect("a refusal kept");
        let (mut query, mut shown) = ("include=refusals&limit=2".to_owned(), Vec::new());
        loop {
            let event = GatewayEvent::of(&ROUTE).query(&query);
            let seen = Seen::from(get_workflow_history(&ports, event.request()).await);
            assert_eq!(seen.status, 200, "{}", seen.body);
            shown.extend(seen.body["items"].as_array().into_iter().flatten().cloned());
            match seen.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
                Some(cursor) => query = format!("include=refusals&limit=2&cursor={cursor}"),
                None => break,
            }
        }
        let versions: Vec<u64> = shown
            .iter()
            .filter(|item| item.get("previous_hash").is_some())
            .filter_map(|item| item["version"].as_u64())
            .collect();
        assert_eq!(versions, [1, 2, 3, 4, 5]);
        assert_eq!(shown.len(), 6);
        assert!(shown.iter().any(|item| item["event_type"] == "WorkflowTransitionRefused"));

        let policy = Arc::new(OnlyTheseMay(vec![Action::GetWorkflowHistory]));
        let ports = Ports { store, policy };
        let event = GatewayEvent::of(&ROUTE);
        assert_eq!(Seen::from(get_workflow_history(&ports, event.request()).await).status, 200);
        // Without the other permission a caller sees its own refusals, and no others.
        let requested_by =
            shown.iter().find(|item| item.get("previous_hash").is_none()).map(|item| item["requested_by"].clone());
        let requested_by =
            requested_by.as_ref().and_then(|by| by.as_str()).expect("a refusal names its caller").to_owned();
        for (caller, expected) in [(requested_by.as_str(), 6), ("stranger", 5)] {
            let event = GatewayEvent::of(&ROUTE).query("include=refusals").claim("sub", caller);
            let seen = Seen::from(get_workflow_history(&ports, event.request()).await);
            assert_eq!((seen.status, seen.body["items"].as_array().map(Vec::len)), (200, Some(expected)), "{caller}");
        }
    }
}
