//! Two engines, one verdict: whatever is asked, the rules say the same in process and over the contract.

use alims_domain::authentication::AuthenticatedBy;
use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::signature::{KeptSignature, Meaning, Signature, Signatures};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use alims_local::RulesEngine;
use alims_operations::ports::TransitionRules;
use alims_rules::{Authorization, EmbeddedRules, Reach, RemoteRules};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Rules that look at every member of a question, so that none can get lost on the way unnoticed. Each is met by some
/// questions and not by others.
const CURIOUS: &str = r#"
ruleset: curious
version: "2"
workflow_types: [curious]
rules:
"#;
const CURIOSITIES: [(&str, &str); 37] = [
    ("id", r#"workflow.workflow_id.startsWith("w")"#),
    ("tenant", r#"workflow.tenant_id == "lab-1""#),
    ("state", r#"workflow.current_state in ["ACTIVE", "PAUSED"]"#),
    ("creation", "workflow.current_state != null && transition.from_state != null"),
    ("previous", "workflow.previous_state == transition.to_state"),
    ("version", "workflow.version > 4"),
    ("age", r#"now - workflow.created_at > duration("1h")"#),
    ("rest", r#"now - workflow.updated_at < duration("30m")"#),
    ("creator", "workflow.created_by == actor.id"),
    ("updater", "workflow.updated_by == actor.id"),
    ("stored", "size(workflow.metadata) > 1"),
    ("changed", "workflow.metadata != transition.metadata"),
    ("member", "workflow.metadata.a == transition.metadata.a"),
    ("number", "double(transition.metadata.a) > 0.5"),
    ("deep", r#"transition.metadata.b.exists(x, x == workflow.metadata.a)"#),
    ("empty", r#"has(transition.metadata.results)"#),
    ("reason", r#"transition.reason.contains("a")"#),
    ("failure", r#"transition.failure.code == "other" && transition.failure.retryable"#),
    ("blame", r#"transition.failure.message.size() > 3"#),
    ("roles", r#"size(actor.roles) > 1 && "analyst" in actor.roles"#),
    ("context", r#"context.a == transition.metadata.a"#),
    ("silence", "size(context) == 0"),
    ("kind", r#"transition.kind != "amendment""#),
    ("labels", "workflow.labels == transition.labels"),
    ("label", r#"has(transition.labels.sample) && transition.labels.sample.startsWith("S")"#),
    ("lot", r#""lot-1.a" in workflow.labels && workflow.labels["lot-1.a"] == transition.labels["lot-1.a"]"#),
    ("due", "workflow.due_at != null && workflow.due_at <= now"),
    ("postponed", "transition.due_at >= workflow.due_at"),
    ("assignee", "workflow.assignee == transition.assignee"),
    ("mine", "transition.assignee == actor.id"),
    ("replaces", r#"transition.replaces == "w-0" && (transition.kind == "creation") == (workflow.replaces == null)"#),
    ("signed", r#"transition.kind == "signature" && transition.signature != null"#),
    ("meaning", r#"transition.signature.meaning in ["review", "approval"] && transition.signature.comment != null"#),
    ("reviewed", r#"signatures.exists(s, s.current && s.meaning == "review" && s.by != actor.id)"#),
    ("counted", r#"signatures.all(s, s.current || "analyst" in s.roles)"#),
    ("signer", r#"size(signatures) > 0 && signatures[0].name.startsWith("A") && size(signatures[0].hash) == 64"#),
    ("fresh", r#"signatures.exists(s, now - s.at < duration("30m") && s.version > 4)"#),
];

fn documents() -> Vec<(String, String)> {
    let applies_to: String = State::ALL.iter().map(|to| format!("      - {{ to: {to} }}\n")).collect();
    let applies_to = format!("{applies_to}      - {{ amendment: true }}\n      - {{ signature: true }}\n");
    let rules: String = CURIOSITIES
        .iter()
        .map(|(id, expression)| {
            format!("  - id: {id}\n    applies_to:\n{applies_to}    message: Not {id}.\n    expression: >-\n      {expression}\n")
        })
        .collect();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/laboratory.yaml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    vec![("curious.yaml".to_owned(), format!("{CURIOUS}{rules}")), ("laboratory.yaml".to_owned(), shipped)]
}

#[derive(Clone, Debug)]
struct Asked {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    context: Option<ValidationContext>,
    now: Timestamp,
}

impl Asked {
    fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: "request ä \"1\"",
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: self.context.as_ref(),
            now: self.now,
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3).prop_map(|n| json!(n)),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(|n| json!(n)),
        any::<f64>().prop_filter("a number of JSON", |n| n.is_finite()).prop_map(|n| json!(n)),
        select(vec!["", "a", "approved", "bob", "ä\u{1F9EA}\n"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(select(vec!["a", "b", "", "a.b"]), inner, 0..3)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Members that the rules look at more often than others.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let member = prop_oneof![
        (Just("a"), value()),
        (Just("b"), vec(value(), 0..3).prop_map(Value::from)),
        (Just("results"), value()),
        (Just("sample_id"), select(vec![json!("S-1"), json!("S 1"), json!(1)]).boxed()),
        (Just("approval"), select(vec![json!({"approved_by": "bob"}), json!({"approved_by": " "})]).boxed()),
    ];
    vec(member, 0..5).prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn moves() -> Vec<(Option<State>, State)> {
    let among =
        State::ALL.into_iter().flat_map(|from| from.allowed_transitions().into_iter().map(move |to| (Some(from), to)));
    let amendments = State::ALL.map(|state| (Some(state), state));
    among.chain([(None, State::Created)]).chain(amendments).collect()
}

fn data() -> impl Strategy<Value = WorkflowData> {
    let names = select(vec!["sample", "lot-1.a", "_"]);
    let labels = btree_map(names, select(vec!["S-1", "7", "ä \u{1F9EA}"]), 0..3);
    (object(), labels, option::of(instant()), option::of(person())).prop_map(|(metadata, labels, due_at, assignee)| {
        let labels = labels.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        WorkflowData {
            metadata: Metadata::new(metadata).unwrap(),
            labels: Labels::new(labels.collect()).unwrap(),
            due_at,
            assignee: assignee.map(|id| id.parse().unwrap()),
        }
    })
}

fn person() -> impl Strategy<Value = &'static str> {
    select(vec!["alice", "bob", "ä b"])
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..7_200_000).prop_map(|millis| Timestamp::from_unix_millis(1_795_421_700_000 + millis).unwrap())
}

fn roles() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(select(vec!["analyst", "supervisor", "auditor"]).prop_map(str::to_owned), 0..3)
}

fn signature() -> impl Strategy<Value = Signature> {
    let remark = option::of(select(vec!["Because.", "ä"]));
    (select(Meaning::ALL.to_vec()), remark, roles(), instant(), 1_u64..9).prop_map(
        |(meaning, comment, roles, auth_time, signed)| Signature {
            meaning,
            signer_name: "Anna ä \"B\"".parse().unwrap(),
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            comment: comment.map(|comment| comment.parse().unwrap()),
            signed_version: Version::try_from(signed).unwrap(),
            signed_hash: ChainHash::of(&signed.to_be_bytes()),
            authenticated: AuthenticatedBy { auth_time, acr: None, amr: vec!["pwd".parse().unwrap()] },
        },
    )
}

fn signatures() -> impl Strategy<Value = Signatures> {
    let kept = (signature(), person(), instant(), any::<bool>()).prop_map(|(signature, by, at, current)| {
        KeptSignature { current, ..KeptSignature::new(&signature, &by.parse().unwrap(), at) }
    });
    vec(kept, 0..3).prop_map(|list| Signatures::try_from(list).unwrap())
}

fn asked() -> impl Strategy<Value = Asked> {
    let workflow = (
        select(vec!["w-1", "x"]),
        select(vec!["curious", "curious", "sample-analysis", "test-run", "free-form"]),
        select(vec!["lab-1", "lab-2"]),
        option::of(select(State::ALL.to_vec())),
        1_u64..9,
        (data(), option::of(select(vec!["w-0", "x"]))),
    );
    let people = (person(), person(), person(), roles());
    let times = (instant(), instant(), instant());
    let reason = option::of(select(vec!["Because.", "So."]));
    let signed = (option::of(signature()), signatures());
    let transition = (select(moves()), reason, data(), any::<bool>(), signed);
    (workflow, people, times, transition, option::of(object())).prop_map(
        |(
            (id, kind, tenant, previous, version, (stored, replaces)),
            people,
            times,
            (moved, reason, data, retryable, (signature, signatures)),
            context,
        )| {
            let tenant_id: TenantId = tenant.parse().unwrap();
            let (from, to) = moved;
            let failure = Failure { code: "other".parse().unwrap(), message: "It broke.".parse().unwrap(), retryable };
            Asked {
                workflow: Workflow {
                    key: WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: id.parse().unwrap() },
                    workflow_type: kind.parse().unwrap(),
                    current_state: from.unwrap_or(State::Created),
                    previous_state: previous,
                    version: Version::try_from(version).unwrap(),
                    created_at: times.0,
                    updated_at: times.1,
                    created_by: people.0.parse().unwrap(),
                    updated_by: people.1.parse().unwrap(),
                    data: stored,
                    replaces: replaces.map(|id| id.parse().unwrap()),
                    signatures: Signatures::default(),
                },
                transition: Transition {
                    from,
                    to,
                    reason: reason.map(|reason| reason.parse().unwrap()),
                    data,
                    failure: (to == State::Failed && from != Some(to)).then_some(failure),
                    signature: signature.filter(|_| from == Some(to)),
                    signatures,
                },
                actor: Principal { id: people.2.parse().unwrap(), tenant_id, roles: people.3 },
                context: context.map(|context| ValidationContext::new(context).unwrap()),
                now: times.2,
            }
        },
    )
}

#[test]
fn both_engines_give_the_same_verdict_on_every_question() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in documents() {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(RulesEngine::start(0, folder.path())).unwrap();
    let endpoint = format!("http://{}", engine.address()).parse().unwrap();
    let reach = Reach { endpoint, deadline: Duration::from_secs(5), authorization: Authorization::None };
    let (remote, embedded) = (RemoteRules::new(reach).unwrap(), EmbeddedRules::load(folder.path()).unwrap());
    let (mut allowed, mut unmet) = (0, BTreeSet::new());
    // Twice as many cases as proptest's own number, which `PROPTEST_CASES` sets.
    let cases = ProptestConfig::default().cases.saturating_mul(2);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let met = std::cell::RefCell::new((&mut allowed, &mut unmet));
    let outcome = runner.run(&asked(), |asked| {
        let question = asked.question();
        let (here, there) =
            runtime.block_on(async { (embedded.judge(&question).await, remote.judge(&question).await) });
        let (here, there) = (here.unwrap(), there.unwrap());
        let mut met = met.borrow_mut();
        match &here {
            Verdict::Allow(_) => *met.0 += 1,
            Verdict::Deny { reasons, .. } => met.1.extend(reasons.iter().map(|reason| reason.rule_id.clone())),
        }
        prop_assert_eq!(here, there);
        Ok(())
    });
    outcome.unwrap();
    // A few cases need not meet everything.
    if cases >= 512 {
        assert!(allowed > 20, "{allowed} were allowed: this test sees too little");
        assert_eq!(unmet.intersection(&CURIOSITIES.map(|(id, _)| id.to_owned()).into()).count(), CURIOSITIES.len());
    }
    runtime.block_on(engine.stop());
}
