//! The handler of batch-state-transitions: `POST /transitions`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod request;
pub mod response;
mod route;

use alims_domain::limits::BATCH_BEGINS_SECONDS;
use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::TimeLeft;
use alims_operations::batch_state_transitions::{self as operation, BatchTime, Ports};
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use lambda_http::{Body, Request, Response};
use std::time::Duration;
use tokio::time::sleep;

use crate::request::BatchCall;
use crate::response::{BatchItemResult, BatchResult};

pub use route::ROUTE;

/// How long before the end of a request's time its transitions are cut off, so that the others' answers are rendered.
const RENDERING: Duration = Duration::from_millis(250);

/// Answers one request.
pub async fn batch_state_transitions<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
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
    let BatchCall { call, items, dry_run } = request::read(request)?;
    let TimeLeft(left) = request.time_left();
    let begins = sleep(Duration::from_secs(u64::from(BATCH_BEGINS_SECONDS)));
    let time = BatchTime { begins, ends: sleep(left.saturating_sub(RENDERING)) };
    let results: Vec<BatchItemResult> = if dry_run {
        let tried = operation::try_state_transitions(ports, &call, &items, time).await;
        let render = |(place, (item, tried))| response::tried(place, item, tried, &call.request_id);
        items.iter().zip(tried).enumerate().map(render).collect()
    } else {
        let made = operation::batch_state_transitions(ports, &call, &items, time).await;
        let render = |(place, (item, made))| response::made(place, item, made, &call.request_id);
        items.iter().zip(made).enumerate().map(render).collect()
    };
    Answer::ok(&BatchResult::counted(dry_run, results))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_created_of, a_key_of, at};
    use alims_testing::{CallFault, Script, SequentialIds};
    use alims_testing::{EverybodyMay, Faulty, FixedClock, MemoryLog, RulesThatAllow, RulesThatDeny};
    use serde_json::{Value, json};
    use std::sync::Arc;

    use alims_domain::identifiers::WorkflowKey;
    use alims_domain::limits::{BATCH_ITEMS_MAX, BATCH_REASONS_BYTES_MAX};
    use alims_domain::refusal::RuleReason;
    use alims_domain::ruling::{RulesQuestion, Verdict};
    use alims_operations::ports::RulesUnavailable;

    fn key(id: &str) -> WorkflowKey {
        a_key_of(&"lab".parse().expect("a tenant"), id)
    }

    /// A log in which `w-0` and so on are just created.
    fn log(workflows: usize) -> MemoryLog {
        let log = MemoryLog::default();
        (0..workflows).for_each(|number| log.overwrite(a_created_of(&key(&format!("w-{number}")))));
        log
    }

    fn ports<L, R>(log: L, rules: R) -> Ports<L, R> {
        let (clock, ids) = (Arc::new(FixedClock::new(at(5000))), Arc::new(SequentialIds::default()));
        Ports { log, rules, policy: Arc::new(EverybodyMay), clock, ids }
    }

    fn event() -> GatewayEvent {
        GatewayEvent::of(&ROUTE)
    }

    fn begin(id: &str) -> Value {
        json!({"workflow_id": id, "target_state": "ACTIVE"})
    }

    fn batch(transitions: &[Value]) -> Value {
        json!({"reason": "The samples are here.", "transitions": transitions})
    }

    fn hundred() -> Value {
        let all: Vec<Value> = (0..100).map(|number| begin(&format!("w-{number}"))).collect();
        batch(&all)
    }

    async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
        ports: &Ports<L, R>,
        event: &GatewayEvent,
    ) -> Seen {
        batch_state_transitions(ports, event.request()).await.into()
    }

    fn counts(seen: &Seen) -> Vec<u64> {
        assert_eq!(seen.status, 200, "{}", seen.body);
        let count = |name| seen.body[name].as_u64().expect("a number");
        ["moved", "would_move", "refused", "failed", "not_reached"].into_iter().map(count).collect()
    }

    fn problems(seen: &Seen) -> Vec<&str> {
        let results = seen.body["results"].as_array().expect("a list");
        results.iter().map(|result| result["problem"]["code"].as_str().unwrap_or("-")).collect()
    }

    #[tokio::test]
    async fn results_stand_in_the_order_of_the_items_behind_their_counts() {
        let ports = ports(log(2), RulesThatAllow);
        let mut paused = begin("w-0");
        paused["target_state"] = json!("PAUSED");
        let seen = asked(&ports, &event().json(&batch(&[begin("lost"), begin("w-1"), paused]))).await;
        assert_eq!(counts(&seen), [1, 0, 2, 0, 0]);
        assert_eq!(problems(&seen), ["workflow-not-found", "-", "invalid-transition"]);
        let moved = &seen.body["results"][1];
        assert_eq!(
            (&moved["workflow_id"], &moved["outcome"], &moved["status"]),
            (&json!("w-1"), &json!("moved"), &json!(200))
        );
        let event = &ports.log.entries(&key("w-1")).0[1].event;
        assert_eq!(moved["event_id"], json!(event.event_id));
        let workflow = json!({"current_state": "ACTIVE", "previous_state": "CREATED", "version": 2,
            "updated_at": event.timestamp, "allowed_transitions": ["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]});
        assert_eq!(moved["workflow"], workflow);
        let refused = &seen.body["results"][2];
        assert_eq!((&refused["outcome"], &refused["status"]), (&json!("refused"), &json!(409)));
        assert_eq!(refused["problem"]["allowed_transitions"], json!(["ACTIVE"]));
    }

    #[tokio::test]
    async fn an_item_has_the_reason_of_all_or_its_own() {
        let ports = ports(log(2), RulesThatAllow);
        let mut own = begin("w-1");
        own["reason"] = json!("It came late.");
        assert_eq!(counts(&asked(&ports, &event().json(&batch(&[begin("w-0"), own]))).await), [2, 0, 0, 0, 0]);
        let reason = |id: &str| ports.log.entries(&key(id)).0[1].event.reason.clone().map(String::from);
        assert_eq!(reason("w-0").as_deref(), Some("The samples are here."));
        assert_eq!(reason("w-1").as_deref(), Some("It came late."));
    }

    #[tokio::test]
    async fn a_dry_run_says_what_would_move_and_writes_nothing() {
        let ports = ports(log(1), RulesThatAllow);
        let event = event().query("dry_run=true").json(&batch(&[begin("w-0"), begin("lost")]));
        let seen = asked(&ports, &event).await;
        assert_eq!((counts(&seen), &seen.body["dry_run"]), (vec![0, 1, 1, 0, 0], &json!(true)));
        assert_eq!(seen.body["results"][0]["workflow"]["current_state"], "CREATED");
        assert_eq!(ports.log.entries(&key("w-0")).0.len(), 1);
    }

    #[tokio::test]
    async fn one_faulty_item_is_a_fault_of_the_whole_and_nothing_is_written() {
        let with = |name: &str, value: Value| {
            let mut faulty = begin("w-1");
            faulty[name] = value;
            batch(&[begin("w-0"), faulty])
        };
        let without_reason = json!({"transitions": [begin("w-0"), begin("w-1")]});
        let hundred_and_one: Vec<Value> = (0..=BATCH_ITEMS_MAX).map(|number| begin(&format!("w-{number}"))).collect();
        let cases: [(Value, &[&str]); 17] = [
            (json!({"reason": "x"}), &["/transitions"]),
            (batch(&[]), &["/transitions"]),
            (batch(&hundred_and_one), &["/transitions"]),
            (json!({"reason": "x", "transitions": {"0": begin("w-0")}}), &["/transitions"]),
            (batch(&[begin("w-0"), json!("w-1")]), &["/transitions/1"]),
            (batch(&[begin("w-0"), begin("w-1"), begin("w-0")]), &["/transitions/2/workflow_id"]),
            (with("workflow_id", json!("a/b")), &["/transitions/1/workflow_id"]),
            (with("workflow_id", json!(7)), &["/transitions/1/workflow_id"]),
            (with("target_state", json!("LOST")), &["/transitions/1/target_state"]),
            (with("target_state", json!("FAILED")), &["/transitions/1/failure"]),
            (with("expected_version", json!(0)), &["/transitions/1/expected_version"]),
            (with("reason", json!(" ")), &["/transitions/1/reason"]),
            (with("metadata", json!([])), &["/transitions/1/metadata"]),
            (with("requested_by", json!("alice")), &["/transitions/1/requested_by"]),
            (without_reason, &["/transitions/0/reason", "/transitions/1/reason"]),
            (json!({"reason": 7, "transitions": [begin("w-0")]}), &["/reason"]),
            (json!({"reason": "x", "workflow_id": "w-0", "transitions": [begin("w-0")]}), &["/workflow_id"]),
        ];
        for (body, places) in cases {
            let ports = ports(log(2), RulesThatAllow);
            let seen = asked(&ports, &event().json(&body)).await;
            assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{places:?}: {}", seen.body);
            let found: Vec<&str> =
                seen.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["pointer"].as_str()).collect();
            assert_eq!(found, places);
            assert_eq!((ports.log.entries(&key("w-0")).0.len(), ports.log.entries(&key("w-1")).0.len()), (1, 1));
        }
    }

    #[tokio::test]
    async fn what_only_a_single_request_has_is_refused() {
        let ports = ports(log(1), RulesThatAllow);
        let body = batch(&[begin("w-0")]);
        for event in [event().header("if-match", "\"1\""), event().query("limit=1"), event().query("dry_run=yes")] {
            let seen = asked(&ports, &event.json(&body)).await;
            assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{}", seen.body);
        }
        assert_eq!(asked(&ports, &event().anonymous().json(&body)).await.status, 401);
        let large = event().header("content-type", "application/json").body(vec![b' '; 600 * 1024 + 1]);
        assert_eq!(asked(&ports, &large).await.status, 400, "only white space");
        let large = event().json(&batch(&[json!({"workflow_id": "w-0", "x": "x".repeat(600 * 1024)})]));
        assert_eq!(asked(&ports, &large).await.code(), "payload-too-large");
        assert_eq!(ports.log.entries(&key("w-0")).0.len(), 1);
    }

    #[tokio::test]
    async fn metadata_may_be_as_deep_in_an_item_as_in_a_single_request_and_no_deeper() {
        let ports = ports(log(1), RulesThatAllow);
        let with = |levels: usize| {
            let mut item = begin("w-0");
            item["metadata"] = json!({"deep": (1..levels).fold(json!(1), |inner, _| json!([inner]))});
            event().json(&batch(&[item]))
        };
        assert_eq!(asked(&ports, &with(33)).await.code(), "malformed-request");
        assert_eq!(counts(&asked(&ports, &with(32)).await), [1, 0, 0, 0, 0]);
    }

    #[tokio::test]
    async fn another_tenants_workflow_does_not_exist() {
        let ports = ports(log(1), RulesThatAllow);
        let seen = asked(&ports, &event().claim("tenant_id", "other").json(&batch(&[begin("w-0")]))).await;
        assert_eq!((counts(&seen), problems(&seen)), (vec![0, 0, 1, 0, 0], vec!["workflow-not-found"]));
    }

    #[tokio::test]
    async fn an_item_that_fails_says_when_to_repeat_the_request() {
        let script = Script::failing(0, CallFault::BeforeEffect);
        let ports = ports(Faulty::new(log(2), &script), RulesThatAllow);
        let seen = asked(&ports, &event().json(&batch(&[begin("w-0"), begin("w-1")]))).await;
        assert_eq!((counts(&seen), problems(&seen)), (vec![1, 0, 0, 1, 0], vec!["storage-unavailable", "-"]));
        let failed = &seen.body["results"][0];
        assert_eq!((&failed["retry_after_seconds"], &failed["status"]), (&json!(1), &json!(503)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_answered_in_time_when_every_call_hangs_or_takes_as_long_as_it_may() {
        let script = Script::default();
        script.take(|_| Duration::from_secs(3));
        let slow = ports(Faulty::new(log(100), &script), RulesThatAllow);
        let seen = asked(&slow, &event().header("idempotency-key", "k").json(&hundred())).await;
        // Each takes six seconds: eight begin at once, and eight after six seconds.
        assert_eq!(counts(&seen), [16, 0, 0, 0, 84]);
        assert_eq!(seen.body["results"][99]["problem"]["code"], "not-reached");
        let again = asked(&slow, &event().header("idempotency-key", "k").json(&hundred())).await;
        assert!(counts(&again)[0] >= 16, "{}", again.body);

        let script = Script::default();
        (0..16).for_each(|call| script.hang(call, CallFault::BeforeEffect));
        let hanging = ports(Faulty::new(log(100), &script), RulesThatAllow);
        let seen = asked(&hanging, &event().json(&hundred())).await;
        assert_eq!(counts(&seen), [0, 0, 0, 8, 92]);
        assert_eq!(seen.body["results"][7]["problem"]["code"], "out-of-time");
    }

    /// Rules that refuse with as many reasons of as many characters as the largest ruleset can.
    struct RulesOfManyWords;

    impl TransitionRules for RulesOfManyWords {
        async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
            let Verdict::Deny { rules, .. } = RulesThatDeny.judge(question).await? else {
                panic!("rules that deny allowed something")
            };
            let reason = |number| RuleReason { rule_id: format!("rule-{number}"), message: "\"".repeat(1000) };
            Ok(Verdict::Deny { rules, reasons: (0..100).map(reason).collect() })
        }
    }

    #[tokio::test]
    async fn the_largest_answer_stays_below_what_a_function_may_answer() {
        let ports = ports(log(100), RulesOfManyWords);
        let seen = asked(&ports, &event().json(&hundred())).await;
        assert_eq!(counts(&seen), [0, 0, 100, 0, 0]);
        let first = &seen.body["results"][0];
        let (kept, left_out) = (first["problem"]["reasons"].as_array().map_or(0, Vec::len), &first["reasons_left_out"]);
        assert_eq!(left_out, 100 - kept);
        assert!(kept * 2000 <= BATCH_REASONS_BYTES_MAX && (kept + 1) * 2000 > BATCH_REASONS_BYTES_MAX - 2000, "{kept}");
        // A function's answer has the body as a text in its own JSON.
        let answer = json!({"statusCode": 200, "body": seen.body.to_string()}).to_string();
        assert!(answer.len() < 6_000_000, "{}", answer.len());
        let refusals = ports.log.entries(&key("w-0")).1;
        assert_eq!(refusals[0].reasons.len(), 100, "the kept refusal has all");
    }
}
