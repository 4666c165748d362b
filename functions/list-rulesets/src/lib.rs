//! The handler of list-rulesets: `GET /rulesets`.

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
use alims_operations::list_rulesets::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::request::ListRequest;
use crate::response::RulesetList;

pub use route::ROUTE;

/// Answers one request.
pub async fn list_rulesets(ports: &Ports, request: Request) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer(ports: &Ports, request: &Incoming) -> Result<Answer, Problem> {
    let (call, ListRequest { after, limit, cursors }) = request::read(request)?;
    let page = operation::list_rulesets(ports, &call, after, limit).await.map_err(problems::problem)?;
    Answer::ok(&RulesetList::new(page, &cursors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::{RulesEngine, Rulesets};
    use alims_testing::builders::some_rulesets;
    use alims_testing::{EverybodyMay, NobodyMay};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn ports(rulesets: Rulesets) -> Ports {
        Ports { rulesets: Arc::new(rulesets), policy: Arc::new(EverybodyMay) }
    }

    async fn asked(ports: &Ports, query: &str) -> Seen {
        list_rulesets(ports, GatewayEvent::of(&ROUTE).query(query).request()).await.into()
    }

    #[tokio::test]
    async fn each_ruleset_shows_its_types_and_what_each_rule_applies_to() {
        let seen = asked(&ports(some_rulesets(1)), "").await;
        let expected = json!({
            "engine": "embedded",
            "kept_elsewhere": false,
            "workflow_types": ["free-form", "type-00"],
            "types_without_rules": ["free-form"],
            "items": [{
                "ruleset": "set-00", "ruleset_version": "1", "workflow_types": ["type-00"],
                "rules": [
                    {
                        "rule_id": "both", "message": "Do both.", "amendments": true, "signatures": true,
                        "moves": [
                            {"from_state": null, "to_state": "CREATED"},
                            {"from_state": "ACTIVE", "to_state": "COMPLETED"}
                        ]
                    },
                    {"rule_id": "amendments", "message": "Ask first.", "amendments": true, "signatures": true, "moves": []}
                ]
            }]
        });
        assert_eq!((seen.status, seen.body), (200, expected));
    }

    #[tokio::test]
    async fn rules_that_are_kept_elsewhere_are_said_to_be() {
        for (engine, name) in [(RulesEngine::Remote, "remote"), (RulesEngine::Alims, "alims")] {
            let seen = asked(&ports(Rulesets::elsewhere(engine)), "").await;
            let expected = json!({"engine": name, "kept_elsewhere": true, "types_without_rules": [], "items": []});
            assert_eq!((seen.status, seen.body), (200, expected));
        }
    }

    #[tokio::test]
    async fn pages_follow_one_another_to_the_end_by_their_cursors() {
        let ports = ports(some_rulesets(5));
        let (mut query, mut ids) = ("limit=2".to_owned(), Vec::new());
        loop {
            let seen = asked(&ports, &query).await;
            assert_eq!(seen.status, 200, "{}", seen.body);
            ids.extend(seen.body["items"].as_array().into_iter().flatten().map(|item| item["ruleset"].clone()));
            match seen.body.get("next_cursor").and_then(Value::as_str) {
                Some(cursor) => query = format!("limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(ids, ["set-00", "set-01", "set-02", "set-03", "set-04"]);
    }

    #[tokio::test]
    async fn what_is_not_known_and_who_may_not_is_refused() {
        let ports = ports(some_rulesets(3));
        let other_tenant = GatewayEvent::of(&ROUTE).claim("tenant_id", "other").query("limit=1");
        let seen = Seen::from(list_rulesets(&ports, other_tenant.request()).await);
        let cursor = seen.body["next_cursor"].as_str().unwrap_or_default().to_owned();
        let of_another_tenant = format!("cursor={cursor}");
        for query in [
            "workflow_type=a",
            "limit=0",
            "limit=101",
            "limit=",
            "cursor=",
            "cursor=AAAA",
            &of_another_tenant,
            "limit=1&limit=1",
        ] {
            let seen = asked(&ports, query).await;
            assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{query}");
        }
        let nobody = Ports { policy: Arc::new(NobodyMay), ..ports };
        let seen = asked(&nobody, "").await;
        assert_eq!((seen.status, seen.code()), (403, "forbidden"), "{}", seen.body);
        let seen = Seen::from(list_rulesets(&nobody, GatewayEvent::of(&ROUTE).anonymous().request()).await);
        assert_eq!(seen.status, 401, "{}", seen.body);
    }
}
