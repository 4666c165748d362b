//! The handler of review-audit-trail: `POST /activity/reviews`.

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
use alims_operations::ports::AuditEntries;
use alims_operations::review_audit_trail::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

pub use route::ROUTE;

/// Answers one request.
pub async fn review_audit_trail<L: AuditEntries>(ports: &Ports<L>, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: AuditEntries>(ports: &Ports<L>, request: &Incoming) -> Result<Answer, Problem> {
    let (call, new) = request::read(request)?;
    let reviewed = operation::review_audit_trail(ports, &call, &new).await.map_err(problems::problem)?;
    response::recorded(reviewed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::at;
    use alims_testing::{EverybodyMay, FixedClock, MemoryLog, SequentialIds};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn october() -> Value {
        json!({"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z", "reason": "Nothing unusual."})
    }

    fn ports() -> Ports<MemoryLog> {
        Ports {
            log: MemoryLog::default(),
            policy: Arc::new(EverybodyMay),
            clock: Arc::new(FixedClock::new(at(9000))),
            ids: Arc::new(SequentialIds::default()),
        }
    }

    #[tokio::test]
    async fn a_review_is_recorded_once_and_shown_as_the_activity_shows_it() {
        let ports = ports();
        let event = GatewayEvent::of(&ROUTE).header("idempotency-key", "k").json(&october());
        let mut seen = Vec::new();
        for (status, repeated) in [(201, false), (200, true)] {
            let answer = Seen::from(review_audit_trail(&ports, event.request()).await);
            assert_eq!((answer.status, &answer.body["repeated"]), (status, &repeated.into()), "{}", answer.body);
            seen.push(answer.body["entry"].clone());
        }
        assert_eq!(seen.first(), seen.last());
        let entry = seen.first().expect("an entry");
        assert_eq!(
            (&entry["event_type"], &entry["reason"]),
            (&"AuditTrailReviewed".into(), &"Nothing unusual.".into())
        );
        let details = json!({"from": "2026-10-01T00:00:00.000Z", "to": "2026-11-01T00:00:00.000Z"});
        assert_eq!(entry["details"], details);
    }

    #[tokio::test]
    async fn a_period_that_is_not_over_is_a_fault_at_its_end() {
        let mut body = october();
        body["to"] = json!("2027-01-01T00:00:00Z");
        let seen = Seen::from(review_audit_trail(&ports(), GatewayEvent::of(&ROUTE).json(&body).request()).await);
        assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{}", seen.body);
        assert_eq!(seen.body["errors"][0]["pointer"], "/to");
    }
}
