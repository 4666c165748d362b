//! The handler of get-sweep: `GET /sweep`.

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
use alims_operations::get_sweep::{self as operation, Ports};
use alims_operations::ports::SweepPositions;
use lambda_http::{Body, Request, Response};

use crate::response::Sweep;

pub use route::ROUTE;

/// Answers one request.
pub async fn get_sweep<P: SweepPositions>(ports: &Ports<P>, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<P: SweepPositions>(ports: &Ports<P>, request: &Incoming) -> Result<Answer, Problem> {
    let call = request::read(request)?;
    let state = operation::get_sweep(ports, &call).await.map_err(problems::problem)?;
    Answer::ok(&Sweep::from(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::SweepPosition;
    use alims_testing::builders::at;
    use alims_testing::{EverybodyMay, MemoryPositions};
    use serde_json::json;
    use std::sync::Arc;

    async fn seen(kept: &SweepPosition, event: &GatewayEvent) -> Seen {
        let store = MemoryPositions::default();
        store.keep_sweep_position(kept).await.expect("a store in memory");
        get_sweep(&Ports { store, policy: Arc::new(EverybodyMay) }, event.request()).await.into()
    }

    #[tokio::test]
    async fn what_is_not_known_is_left_out() {
        let event = GatewayEvent::of(&ROUTE);
        let seen_now = seen(&SweepPosition::default(), &event).await;
        assert_eq!((seen_now.status, seen_now.body), (200, json!({})));
        let kept = SweepPosition {
            swept_at: Some(at(3)),
            open_percent: Some(99),
            round_began: Some(at(2)),
            round_ended: Some(at(1)),
            ..<_>::default()
        };
        let all = json!({
            "last_swept_at": at(3), "open_coverage_percent": 99, "round_began_at": at(2), "last_round_ended_at": at(1)
        });
        assert_eq!(seen(&kept, &event).await.body, all);
    }

    #[tokio::test]
    async fn a_query_that_is_not_known_is_refused() {
        let unknown = GatewayEvent::of(&ROUTE).query("verbose=true");
        let seen = seen(&SweepPosition::default(), &unknown).await;
        assert_eq!((seen.status, seen.code()), (400, "malformed-request"));
    }
}
