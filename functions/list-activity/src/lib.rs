//! The handler of list-activity: `GET /activity`.

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
use alims_operations::list_activity::{self as operation, Ports};
use alims_operations::ports::ActivityLog;
use lambda_http::{Body, Request, Response};

use crate::request::ActivityRequest;
use crate::response::ActivityList;

pub use route::ROUTE;

/// Answers one request.
pub async fn list_activity<L: ActivityLog>(ports: &Ports<L>, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: ActivityLog>(ports: &Ports<L>, request: &Incoming) -> Result<Answer, Problem> {
    let (call, ActivityRequest { filter, place, limit, cursors }) = request::read(request)?;
    let page = operation::list_activity(ports, &call, filter, place, limit).await.map_err(problems::problem)?;
    let page = ActivityList::new(page, &cursors).map_err(Problem::internal)?;
    Answer::ok(&page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::access::Action;
    use alims_domain::identifiers::TenantId;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::{QuarantineLog, ReadPorts, RecoveryLog, WorkflowLog};
    use alims_testing::builders::{
        a_break, a_claim, a_created_of, a_full_record, a_key_of, a_quarantine, a_refusal, at,
    };
    use alims_testing::{EverybodyMay, FixedClock, MemoryLog, OnlyTheseMay};
    use std::sync::Arc;

    async fn a_log() -> MemoryLog {
        let tenant: TenantId = "lab".parse().expect("a tenant");
        let log = MemoryLog::default();
        let key = a_key_of(&tenant, "wf-1");
        for id in ["wf-1", "wf-2", "wf-3"] {
            log.append(&a_created_of(&a_key_of(&tenant, id))).await.expect("a version");
        }
        log.record_refusal(&a_refusal(&a_key_of(&tenant, "never-created"))).await.expect("a refusal");
        log.record_quarantine(&a_quarantine(&key, &a_break(1))).await.expect("a quarantine");
        log.claim_recovery(&a_claim(&key, 1, 1)).await.expect("a claim");
        log.record_recovery(&a_full_record(&a_claim(&key, 1, 1))).await.expect("an outcome");
        log
    }

    fn ports(store: MemoryLog) -> Ports<MemoryLog> {
        let reading = ReadPorts { store, policy: Arc::new(EverybodyMay) };
        Ports { reading, clock: Arc::new(FixedClock::new(at(60_000))) }
    }

    #[tokio::test]
    async fn pages_follow_one_another_to_the_end_by_their_cursors() {
        let ports = ports(a_log().await);
        let (mut query, mut shown) = ("limit=2".to_owned(), Vec::new());
        loop {
            let event = GatewayEvent::of(&ROUTE).query(&query);
            let seen = Seen::from(list_activity(&ports, event.request()).await);
            assert_eq!(seen.status, 200, "{}", seen.body);
            shown.extend(seen.body["items"].as_array().into_iter().flatten().cloned());
            match seen.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
                Some(cursor) => query = format!("limit=2&cursor={cursor}"),
                None => break,
            }
        }
        let kinds: Vec<_> = shown.iter().filter_map(|item| item["kind"].as_str()).collect();
        assert_eq!(kinds.len(), 7, "{shown:?}");
        assert_eq!(kinds.first(), Some(&"RecoveryRequested"));
        for item in &shown {
            assert!(item["at"].is_string() && item["workflow_id"].is_string(), "{item}");
            let is_recovery = item["kind"].as_str().is_some_and(|kind| kind.starts_with("Recovery"));
            let expected = if is_recovery { "RecoveryAttempt".into() } else { item["kind"].clone() };
            assert_eq!(item["entry"]["event_type"], expected, "{item}");
        }
        let refused = shown.iter().find(|item| item["kind"] == "WorkflowTransitionRefused").expect("the refusal");
        assert_eq!(refused["workflow_id"], "never-created");
    }

    #[tokio::test]
    async fn a_caller_who_may_see_the_own_entries_sees_no_others() {
        let mut ports = ports(a_log().await);
        ports.reading.policy = Arc::new(OnlyTheseMay(vec![Action::ListOwnActivity]));
        for (caller, query, status, entries) in [
            ("mallory", "", 200, 1),
            ("mallory", "principal=mallory", 200, 1),
            ("mallory", "principal=sue", 403, 0),
            ("stranger", "", 200, 0),
        ] {
            let event = GatewayEvent::of(&ROUTE).query(query).claim("sub", caller);
            let seen = Seen::from(list_activity(&ports, event.request()).await);
            let shown = seen.body["items"].as_array().map_or(0, Vec::len);
            assert_eq!((seen.status, shown), (status, entries), "{caller} {query}: {}", seen.body);
        }
    }
}
