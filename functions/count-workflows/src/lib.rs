//! The handler of count-workflows: `GET /counts`.

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
use alims_operations::count_workflows::{self as operation, Ports};
use alims_operations::ports::WorkflowIndex;
use lambda_http::{Body, Request, Response};

use crate::response::WorkflowCounts;

pub use route::ROUTE;

/// Answers one request.
pub async fn count_workflows<I: WorkflowIndex>(ports: &Ports<I>, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<I: WorkflowIndex>(ports: &Ports<I>, request: &Incoming) -> Result<Answer, Problem> {
    let call = request::read(request)?;
    let counts = operation::count_workflows(ports, &call).await.map_err(problems::problem)?;
    Answer::ok(&WorkflowCounts::from(counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;
    use alims_domain::limits::COUNT_READS_MAX;
    use alims_domain::projection::IndexEntry;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_created_of, a_key_of};
    use alims_testing::{EverybodyMay, MemoryIndex};
    use serde_json::json;
    use std::sync::Arc;

    /// So many workflows of a tenant in each state, in the order of all states.
    fn fill(index: &MemoryIndex, tenant: &str, workflows: [usize; 6]) {
        for (current_state, workflows) in State::ALL.into_iter().zip(workflows) {
            for number in 0..workflows {
                let key = a_key_of(&tenant.parse().expect("a tenant"), &format!("{current_state}-{number}"));
                index.overwrite(IndexEntry { current_state, ..IndexEntry::from(&a_created_of(&key).event) });
            }
        }
    }

    #[tokio::test]
    async fn every_state_has_its_number_even_when_it_is_none() {
        let store = MemoryIndex::default();
        fill(&store, "lab", [3, 1, 0, 4, 2, 5]);
        fill(&store, "other", [1; 6]);
        let ports = Ports { store, policy: Arc::new(EverybodyMay) };
        let seen = Seen::from(count_workflows(&ports, GatewayEvent::of(&ROUTE).request()).await);
        let expected = json!({
            "counts": {"CREATED": 3, "ACTIVE": 1, "PAUSED": 0, "COMPLETED": 4, "FAILED": 2, "CANCELLED": 5},
            "total": 15,
            "complete": true
        });
        assert_eq!((seen.status, seen.body), (200, expected));
    }

    #[tokio::test]
    async fn an_answer_that_stops_at_the_bound_says_that_it_is_not_complete() {
        let store = MemoryIndex::default().evaluating_at_most(1);
        fill(&store, "lab", [1, COUNT_READS_MAX + 1, 0, 0, 0, 0]);
        let ports = Ports { store, policy: Arc::new(EverybodyMay) };
        let seen = Seen::from(count_workflows(&ports, GatewayEvent::of(&ROUTE).request()).await);
        assert_eq!((seen.status, &seen.body["complete"]), (200, &false.into()), "{}", seen.body);
        assert_eq!(seen.body["counts"]["ACTIVE"], COUNT_READS_MAX);
        assert_eq!(seen.body["total"], COUNT_READS_MAX + 1);
    }

    #[tokio::test]
    async fn a_query_that_is_not_known_is_refused() {
        let ports = Ports { store: MemoryIndex::default(), policy: Arc::new(EverybodyMay) };
        let unknown = GatewayEvent::of(&ROUTE).query("state=ACTIVE");
        let seen = Seen::from(count_workflows(&ports, unknown.request()).await);
        assert_eq!((seen.status, seen.code()), (400, "malformed-request"));
    }
}
