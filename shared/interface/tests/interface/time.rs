//! Time: a request whose work hangs is answered before its function is ended, and how long the work may take when all
//! that it waits for takes as long as it may.

use alims_domain::authentication::FreshAuthentication;
use alims_domain::lifecycle::State;
use alims_domain::limits::{REQUEST_RESERVE_MS, REQUEST_SECONDS_MAX};
use alims_domain::projection::IndexEntry;
use alims_edge::testing::{GatewayEvent, Seen};
use alims_export::ZipFormat;
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore, QuarantineLog};
use alims_operations::{DecisionPorts, PublishPorts, ReadPorts, StartPorts, TimeLeft};
use alims_testing::builders::{a_break, a_created_of, a_key_of, a_move, a_quarantine, at, some_rulesets};
use alims_testing::{
    CallFault, EverybodyMay, Faulty, FixedClock, MemoryBus, MemoryExports, MemoryIndex, MemoryLog, MemoryPositions,
    MemoryStarter, NoKey, RulesThatAllow, RulesThatDeny, Script, SequentialIds, no_anchors,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use alims_domain::identifiers::WorkflowKey;

/// The export that is read.
const EXPORT: &str = "019ab000-0000-7000-8000-000000000042";

/// The service, all of it with one script.
struct Site {
    script: Script,
    log: MemoryLog,
    index: MemoryIndex,
    exports: MemoryExports,
    denies: bool,
}

impl Site {
    /// A published workflow that is ACTIVE at version 2.
    fn new(script: &Script) -> Self {
        let (log, index) = (MemoryLog::default(), MemoryIndex::default());
        let created = a_created_of(&key());
        let active = a_move(&created, State::Active);
        index.overwrite(IndexEntry::from(&active.event));
        log.overwrite(active);
        log.overwrite(created);
        // One that a creation may replace.
        let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-0"));
        let active = a_move(&created, State::Active);
        log.overwrite(a_move(&active, State::Completed));
        log.overwrite(active);
        log.overwrite(created);
        Self { script: script.clone(), log, index, exports: MemoryExports::default(), denies: false }
    }

    /// The same, with what an operation is for.
    async fn of(name: &str, script: &Script) -> Self {
        let site = Self::new(script);
        if name == "release-workflow" {
            site.log.record_quarantine(&a_quarantine(&key(), &a_break(2))).await.expect("a log in memory");
        }
        if name == "get-export" {
            let job = json!({
                "format": 1, "export_id": EXPORT, "tenant_id": "lab", "selection": {"workflow_id": "wf-1"},
                "requested_by": "alice", "requested_at": at(0), "cut": at(0)
            });
            let export_id = EXPORT.parse().expect("an id");
            let place = ExportPlace { tenant_id: key().tenant_id, export_id };
            let kept = site.exports.keep(&place, ExportDocument::Job, job.to_string().into_bytes()).await;
            kept.expect("a store in memory");
        }
        site
    }

    #[allow(clippy::too_many_lines, reason = "an arm for each operation")]
    async fn asked(&self, event: &GatewayEvent, name: &str) -> Seen {
        let mut request = event.request();
        request.extensions_mut().insert(TimeLeft::until(u64::from(REQUEST_SECONDS_MAX) * 1000, 0));
        let faulty = |log: &MemoryLog| Faulty::new(log.clone(), &self.script);
        let (log, policy) = (faulty(&self.log), Arc::new(EverybodyMay));
        let (clock, ids) = (Arc::new(FixedClock::new(at(9000))), Arc::new(SequentialIds::default()));
        let index = Faulty::new(self.index.clone(), &self.script);
        let bus = Faulty::new(MemoryBus::default(), &self.script);
        let starter = Faulty::new(MemoryStarter::default(), &self.script);
        let reading = ReadPorts { store: log.clone(), policy: policy.clone() };
        let listing = ReadPorts { store: index.clone(), policy: policy.clone() };
        let allow = Faulty::new(RulesThatAllow, &self.script);
        let response = match name {
            "create-workflow" if self.denies => {
                let rules = Faulty::new(RulesThatDeny, &self.script);
                create_workflow::create_workflow(&DecisionPorts { log, rules, policy, clock, ids }, request).await
            }
            "create-workflow" => {
                create_workflow::create_workflow(&DecisionPorts { log, rules: allow, policy, clock, ids }, request)
                    .await
            }
            "request-state-transition" if self.denies => {
                let ports = DecisionPorts { log, rules: Faulty::new(RulesThatDeny, &self.script), policy, clock, ids };
                request_state_transition::request_state_transition(&ports, request).await
            }
            "request-state-transition" => {
                let ports = DecisionPorts { log, rules: allow, policy, clock, ids };
                request_state_transition::request_state_transition(&ports, request).await
            }
            "amend-workflow" if self.denies => {
                let ports = DecisionPorts { log, rules: Faulty::new(RulesThatDeny, &self.script), policy, clock, ids };
                amend_workflow::amend_workflow(&ports, request).await
            }
            "amend-workflow" => {
                let ports = DecisionPorts { log, rules: allow, policy, clock, ids };
                amend_workflow::amend_workflow(&ports, request).await
            }
            "sign-workflow" if self.denies => {
                let rules = Faulty::new(RulesThatDeny, &self.script);
                let ports = signing(DecisionPorts { log, rules, policy, clock, ids });
                sign_workflow::sign_workflow(&ports, request).await
            }
            "sign-workflow" => {
                let ports = signing(DecisionPorts { log, rules: allow, policy, clock, ids });
                sign_workflow::sign_workflow(&ports, request).await
            }
            "batch-state-transitions" => {
                let ports = DecisionPorts { log, rules: allow, policy, clock, ids };
                batch_state_transitions::batch_state_transitions(&ports, request).await
            }
            "get-workflow-state" => {
                let ports = alims_operations::get_workflow_state::Ports { reading, rules: allow, clock };
                get_workflow_state::get_workflow_state(&ports, request).await
            }
            "get-workflow-history" => get_workflow_history::get_workflow_history(&reading, request).await,
            "verify-workflow-history" => {
                let ports = alims_operations::verify_workflow_history::Ports { reading, index, anchors: no_anchors() };
                verify_workflow_history::verify_workflow_history(&ports, request).await
            }
            "get-caller" => get_caller::get_caller(&alims_operations::get_caller::Ports { policy }, request).await,
            "list-activity" => {
                let ports = alims_operations::list_activity::Ports { reading, clock };
                list_activity::list_activity(&ports, request).await
            }
            "count-workflows" => count_workflows::count_workflows(&listing, request).await,
            "get-sweep" => {
                let store = Faulty::new(MemoryPositions::default(), &self.script);
                get_sweep::get_sweep(&ReadPorts { store, policy }, request).await
            }
            "list-rulesets" => {
                let rulesets = Arc::new(some_rulesets(2));
                list_rulesets::list_rulesets(&alims_operations::list_rulesets::Ports { rulesets, policy }, request)
                    .await
            }
            "list-workflows" => {
                let ports = alims_operations::list_workflows::Ports { log, index, policy, clock };
                list_workflows::list_workflows(&ports, request).await
            }
            "recover-workflow" => {
                let starting = StartPorts { log, starter, clock };
                let ports = alims_operations::recover_workflow::Ports { starting, policy, ids };
                recover_workflow::recover_workflow(&ports, request).await
            }
            "get-workflow-recovery" => {
                let ports = alims_operations::get_workflow_recovery::Ports { log, starter, policy };
                get_workflow_recovery::get_workflow_recovery(&ports, request).await
            }
            "review-audit-trail" => {
                let ports = alims_operations::review_audit_trail::Ports { log, policy, clock, ids };
                review_audit_trail::review_audit_trail(&ports, request).await
            }
            "export-records" => {
                let exports = Faulty::new(self.exports.clone(), &self.script);
                let (store, starter, format) = (exports.clone(), exports, Arc::new(ZipFormat));
                let exporting = ExportPorts { log, store, signer: NoKey, format, clock, ids };
                let ports = alims_operations::export_records::Ports { exporting, starter, policy };
                export_records::export_records(&ports, request).await
            }
            "get-export" => {
                let store = Faulty::new(self.exports.clone(), &self.script);
                let ports = alims_operations::get_export::Ports { store, policy, clock };
                get_export::get_export(&ports, request).await
            }
            "release-workflow" => {
                let ports = alims_operations::release_workflow::Ports { log, index, policy, clock, ids };
                release_workflow::release_workflow(&ports, request).await
            }
            "replay-events" => {
                let publishing = PublishPorts { log, index, bus };
                let ports = alims_operations::replay_events::Ports { publishing, policy, clock, ids };
                replay_events::replay_events(&ports, request).await
            }
            other => panic!("{other} is not tried here: add it"),
        };
        response.into()
    }
}

fn key() -> WorkflowKey {
    a_key_of(&"lab".parse().expect("a tenant"), "wf-1")
}

fn signing<L, R>(decision: DecisionPorts<L, R>) -> alims_operations::sign_workflow::Ports<L, R> {
    alims_operations::sign_workflow::Ports { decision, needed: FreshAuthentication::default() }
}

/// A sound request of each operation.
fn event(name: &str) -> GatewayEvent {
    let route = alims_interface::ROUTES.iter().find(|route| route.name == name).expect("a route");
    let event = GatewayEvent::of(route).header("idempotency-key", "k-1");
    let body = match name {
        "create-workflow" => json!({"workflow_type": "free-form", "workflow_id": "wf-2", "replaces": "wf-0"}),
        "request-state-transition" => json!({"target_state": "PAUSED", "reason": "The oven is cold."}),
        "amend-workflow" => json!({"reason": "The oven is cold.", "labels": {"oven": "7"}}),
        "sign-workflow" => {
            let event = event.claim("auth_time", at(9000).unix_millis() / 1000).claim("name", "Alice");
            return event.json(&json!({"meaning": "authorship", "version": 2}));
        }
        "batch-state-transitions" => {
            let item = |number| json!({"workflow_id": format!("wf-{number}"), "target_state": "PAUSED"});
            json!({"reason": "The oven is cold.", "transitions": (1..=100).map(item).collect::<Vec<_>>()})
        }
        "export-records" => json!({"workflow_id": "wf-1"}),
        "recover-workflow" => json!({"reason": "The engine is back."}),
        "release-workflow" => json!({"reason": "Reviewed.", "breaks": [a_break(2).id().as_str()]}),
        "replay-events" => json!({"from_version": 2}),
        "review-audit-trail" => {
            json!({"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z", "reason": "Nothing unusual."})
        }
        _ => return event,
    };
    event.json(&body)
}

/// How long each call may take, as its adapter bounds it. The tidy test on timeouts compares these with the adapters.
fn longest(call: &str) -> Duration {
    let seconds = match call.split('.').next().unwrap_or_default() {
        "log" | "index" => 3.0,
        "rules" => 5.4,
        "starter" => 4.0,
        "bus" => 6.0,
        "begins" => 8.0,
        "exports" => 2.0,
        "making" => 5.0,
        other => panic!("how long does {other} take?"),
    };
    Duration::from_secs_f64(seconds)
}

#[derive(Deserialize)]
struct Deployment {
    #[serde(default)]
    waits: Vec<String>,
}

/// The operations that answer without calling anything.
const WAITS_FOR_NOTHING: [&str; 2] = ["get-caller", "list-rulesets"];

/// How long an operation says that it waits at most.
fn said(name: &str) -> Duration {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../functions/{name}/deployment.toml"));
    let deployment: Deployment = toml::from_str(&std::fs::read_to_string(file).expect("a file")).expect("its waits");
    assert_eq!(deployment.waits.is_empty(), WAITS_FOR_NOTHING.contains(&name), "{name} says what it waits for");
    deployment.waits.iter().map(|wait| longest(wait)).sum()
}

#[tokio::test(start_paused = true)]
async fn no_operation_waits_longer_than_it_says_when_every_call_takes_as_long_as_it_may() {
    for route in alims_interface::ROUTES {
        for denies in [false, true] {
            let script = Script::default();
            script.take(longest);
            let site = Site { denies, ..Site::of(route.name, &script).await };
            let begun = Instant::now();
            let seen = site.asked(&event(route.name), route.name).await;
            let waited = begun.elapsed();
            let refused = denies
                && ["create-workflow", "request-state-transition", "amend-workflow", "sign-workflow"]
                    .contains(&route.name);
            assert_eq!(seen.status < 300, !refused, "{}: {}", route.name, seen.body);
            assert!(waited <= said(route.name), "{}: {waited:?} in {:?}", route.name, script.calls());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_anywhere_is_answered_in_time_and_has_one_effect_when_it_is_repeated() {
    for name in ["create-workflow", "request-state-transition"] {
        let counting = Script::default();
        assert!(Site::new(&counting).asked(&event(name), name).await.status < 300);
        for call in 0..counting.calls().len() {
            for when in CallFault::ALL {
                let script = Script::default();
                script.hang(call, when);
                let (site, begun) = (Site::new(&script), Instant::now());
                let seen = site.asked(&event(name), name).await;
                assert_eq!((seen.status, seen.code()), (503, "out-of-time"), "{name} {call} {when:?}: {}", seen.body);
                assert!(seen.headers.contains_key("retry-after"));
                let (waited, killed) = (begun.elapsed(), Duration::from_secs(u64::from(REQUEST_SECONDS_MAX)));
                assert!(waited + Duration::from_millis(u64::from(REQUEST_RESERVE_MS) / 2) < killed, "{waited:?}");

                let again = site.asked(&event(name), name).await;
                let once_more = site.asked(&event(name), name).await;
                assert!(again.status < 300, "{name} {call} {when:?}: {}", again.body);
                assert_eq!(again.body, once_more.body);
                let versions = |id: &str| site.log.entries(&a_key_of(&"lab".parse().expect("a tenant"), id)).0.len();
                let expected = if name == "create-workflow" { (2, 1) } else { (3, 0) };
                assert_eq!((versions("wf-1"), versions("wf-2")), expected, "{name} {call} {when:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_that_hangs_in_its_first_call_answers_with_a_problem() {
    let mut statuses: BTreeMap<&str, (Value, Value)> = BTreeMap::new();
    for route in alims_interface::ROUTES.iter().filter(|route| !WAITS_FOR_NOTHING.contains(&route.name)) {
        let script = Script::default();
        script.hang(0, CallFault::BeforeEffect);
        let seen = Site::of(route.name, &script).await.asked(&event(route.name), route.name).await;
        // A batch is answered, and the one that hangs has the problem.
        let (status, problem) = match seen.body["results"].get(0) {
            Some(first) => (first["status"].clone(), &first["problem"]),
            None => (json!(seen.status), &seen.body),
        };
        statuses.insert(route.name, (status, problem["code"].clone()));
    }
    assert!(statuses.values().all(|answer| *answer == (json!(503), json!("out-of-time"))), "{statuses:?}");
}
