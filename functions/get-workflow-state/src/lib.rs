//! The handler of get-workflow-state: `GET /workflows/{workflow_id}`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::get_workflow_state::{self as operation, Ports};
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use lambda_http::{Body, Request, Response};

use crate::request::StateCall;

pub use route::ROUTE;

/// Answers one request.
pub async fn get_workflow_state<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: Request,
) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: &Incoming,
) -> Result<Answer, Problem> {
    let StateCall { call, workflow_id, evaluate } = request::read(request)?;
    if evaluate {
        let (now, moves) = operation::evaluate_workflow_state(ports, &call, &workflow_id).await?;
        response::evaluated(now, moves)
    } else {
        response::state(operation::get_workflow_state(&ports.reading, &call, &workflow_id).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ReadPorts;
    use alims_operations::ports::AccessPolicy;
    use alims_testing::builders::{a_break, a_created_of, a_key_of, a_move, a_quarantine, at, version};
    use alims_testing::{
        EverybodyMay, Faulty, FixedClock, MemoryLog, NobodyMay, OnlyTheseMay, RulesThatAllow, RulesThatAreDown,
        RulesThatDeny, Script,
    };
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn ports<L, R>(store: L, policy: impl AccessPolicy + 'static, rules: R) -> Ports<L, R> {
        let reading = ReadPorts { store, policy: Arc::new(policy) };
        Ports { reading, rules, clock: Arc::new(FixedClock::new(at(5000))) }
    }

    fn event() -> GatewayEvent {
        GatewayEvent::of(&ROUTE)
    }

    async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
        ports: &Ports<L, R>,
        event: &GatewayEvent,
    ) -> Seen {
        get_workflow_state(ports, event.request()).await.into()
    }

    #[tokio::test]
    async fn a_workflow_is_shown_to_those_of_its_tenant_who_may_see_it() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let store = MemoryLog::default();
        store.overwrite(a_created_of(&key));
        // Rules that are down do not affect a request that does not ask for them.
        let may = ports(store.clone(), EverybodyMay, RulesThatAreDown);
        for plain in [event(), event().query("evaluate=false")] {
            let seen = asked(&may, &plain).await;
            assert_eq!((seen.status, &seen.headers["etag"][..]), (200, "\"1\""));
            assert_eq!(seen.body["current_state"], "CREATED");
            assert_eq!(seen.body.get("evaluated_transitions"), None);
        }
        for (event, status) in [
            (event().claim("tenant_id", "other"), 404),
            (event().workflow("wf-2"), 404),
            (event().workflow("wf%2F2"), 400),
            (event().query("verbose=true"), 400),
            (event().anonymous(), 401),
        ] {
            assert_eq!(asked(&may, &event).await.status, status);
        }
        let nobody = ports(store.clone(), NobodyMay, RulesThatAllow);
        for event in [event(), event().query("evaluate=true")] {
            assert_eq!(asked(&nobody, &event).await.code(), "forbidden");
        }
        store.damage(&key, version(1), "on purpose");
        let seen = asked(&may, &event()).await;
        assert_eq!((seen.status, &seen.body["broken_at_version"]), (423, &1.into()));
    }

    /// A log in which `wf-1` is PAUSED, with its evaluated transitions.
    async fn evaluated(policy: impl AccessPolicy + 'static, rules: impl TransitionRules) -> Value {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let (store, script) = (MemoryLog::default(), Script::default());
        let active = a_move(&a_created_of(&key), alims_domain::lifecycle::State::Active);
        store.overwrite(a_move(&active, alims_domain::lifecycle::State::Paused));
        let ports = ports(Faulty::new(store, &script), policy, rules);
        let seen = asked(&ports, &event().query("evaluate=true")).await;
        assert_eq!((seen.status, &seen.body["allowed_transitions"]), (200, &json!(["ACTIVE", "CANCELLED"])));
        assert_eq!(script.calls(), ["log.head", "log.quarantine"], "nothing is written");
        seen.body["evaluated_transitions"].clone()
    }

    #[tokio::test]
    async fn asked_beforehand_each_move_says_who_may_and_what_the_rules_say() {
        use alims_domain::access::Action::{ActivateWorkflow, GetWorkflowState};
        let judged = evaluated(OnlyTheseMay(vec![GetWorkflowState, ActivateWorkflow]), RulesThatAllow).await;
        let rules = json!({"rules": "allow", "ruleset": "test", "ruleset_version": "1"});
        let with = |mut members: Value| {
            members.as_object_mut().expect("an object").extend(rules.as_object().expect("an object").clone());
            members
        };
        assert_eq!(
            judged,
            json!([
                with(json!({"target_state": "ACTIVE", "permitted": true})),
                with(json!({"target_state": "CANCELLED", "permitted": false, "forbidden_by": ["none-but-these"]})),
            ])
        );
        let judged = evaluated(EverybodyMay, RulesThatDeny).await;
        assert_eq!((&judged[0]["permitted"], &judged[0]["rules"]), (&json!(true), &json!("deny")));
        assert_eq!(judged[0]["reasons"][1]["rule_id"], "not-like-this");
        let judged = evaluated(EverybodyMay, RulesThatAreDown).await;
        assert_eq!(judged[1], json!({"target_state": "CANCELLED", "permitted": true, "rules": "unavailable"}));
    }

    #[tokio::test]
    async fn a_quarantined_workflow_offers_no_transition_and_its_evaluation_says_why() {
        let key = a_key_of(&"lab".parse().expect("a tenant"), "wf-1");
        let store = MemoryLog::default();
        store.overwrite(a_move(&a_created_of(&key), alims_domain::lifecycle::State::Active));
        store.overwrite(a_created_of(&key));
        store.record_quarantine(&a_quarantine(&key, &a_break(1))).await.expect("a record");
        let ports = ports(store, EverybodyMay, RulesThatAllow);
        let seen = asked(&ports, &event().query("evaluate=true")).await;
        assert_eq!((seen.status, &seen.body["allowed_transitions"]), (200, &json!([])));
        let pause = json!({"target_state": "PAUSED", "permitted": true, "rules": "not-asked"});
        assert_eq!(seen.body["evaluated_transitions"][0], pause);
        assert_eq!(asked(&ports, &event()).await.body["allowed_transitions"], json!([]));
    }

    #[tokio::test]
    async fn a_value_of_evaluate_that_is_neither_true_nor_false_is_named() {
        let may = ports(MemoryLog::default(), EverybodyMay, RulesThatAllow);
        for query in
            ["evaluate=maybe", "evaluate=", "evaluate", "evaluate=TRUE", "evaluate=1", "evaluate=true&evaluate=true"]
        {
            let seen = asked(&may, &event().query(query)).await;
            assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{query}");
            assert!(
                seen.body["errors"][0]["message"].as_str().is_some_and(|told| told.contains("evaluate")),
                "{query}"
            );
        }
    }
}
