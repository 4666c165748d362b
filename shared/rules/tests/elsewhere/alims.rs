//! ALIMS's own engine: every applicable rule must be true, what is not clear is no verdict, and no fact stays behind.

use alims_domain::event::AppliedRules;
use alims_domain::ruling::Verdict;
use alims_rules::{AlimsNotUsable, AlimsRules, DEADLINE_DEFAULT};
use alims_testing::SequentialIds;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

use crate::alims_engine::{AlimsEngine, Mishap, WORKING_MEMORY_MAX};
use crate::asking::{Asking, reach, within};

pub(crate) const EVALUATE: &str = "POST /evaluate";
pub(crate) const GIVE: &str = "POST /facts";
pub(crate) const REMOVE: &str = "DELETE /facts/";

/// Rules of which the first two are met by [`Asking::to_complete`].
pub(crate) async fn engine() -> AlimsEngine {
    AlimsEngine::with(&[
        ("R-1", "transition.metadata.review.conclusion", "approved"),
        ("R-2", "workflow.current_state", "ACTIVE"),
        ("R-3", "actor.id", "alice"),
        ("R-4", "workflow.created_by", "bob"),
        ("R-5", "context.unknown", "1"),
    ])
    .await
}

/// A folder that says which rules are applicable to completing a sample analysis.
pub(crate) fn folder(rules: &str, inactive: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("predicate-logic")).unwrap();
    let text = format!(
        "ruleset: lab\nversion: \"3\"\ninactive_rules: {inactive}\napplicable:\n  - workflow_types: [sample-analysis]\n    \
         moves: [{{ from: ACTIVE, to: COMPLETED }}]\n    rules: [{rules}]\n"
    );
    std::fs::write(folder.path().join("predicate-logic/applicable.yaml"), text).unwrap();
    folder
}

pub(crate) fn rules_within(engine: &AlimsEngine, rules: &str, inactive: &str, deadline: Duration) -> AlimsRules {
    let folder = folder(rules, inactive);
    AlimsRules::load(within(&engine.url, deadline), folder.path(), Arc::new(SequentialIds::default())).unwrap()
}

pub(crate) fn applicable(engine: &AlimsEngine, rules: &str) -> AlimsRules {
    rules_within(engine, rules, "refuse", Duration::from_secs(5))
}

pub(crate) fn applied(evaluated: &[&str]) -> AppliedRules {
    let evaluated = evaluated.iter().map(|&id| id.to_owned()).collect();
    AppliedRules { ruleset: "lab".to_owned(), ruleset_version: "3".to_owned(), evaluated }
}

/// Why not: the rules' ids and what is said of them.
pub(crate) fn reasons(verdict: Verdict) -> Vec<(String, String)> {
    let Verdict::Deny { reasons, .. } = verdict else { panic!("{verdict:?}") };
    reasons.into_iter().map(|reason| (reason.rule_id, reason.message)).collect()
}

#[tokio::test]
async fn a_move_is_allowed_when_every_applicable_rule_is_true() {
    let engine = engine().await;
    let verdict = Asking::to_complete().judged_by(&applicable(&engine, "R-2, R-1")).await.unwrap();
    assert_eq!(verdict, Verdict::Allow(applied(&["R-2", "R-1"])));
    assert_eq!((engine.calls(GIVE), engine.calls(EVALUATE), engine.calls(REMOVE)), (1, 2, 1));
    assert_eq!(engine.calls("GET /rules"), 0, "names are asked for only when there is something to tell");
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn every_rule_that_is_not_met_is_a_reason_with_its_id_and_name() {
    let engine = engine().await;
    let verdict = Asking::to_complete().judged_by(&applicable(&engine, "R-3, R-1, R-4")).await.unwrap();
    assert!(matches!(&verdict, Verdict::Deny { rules, .. } if *rules == applied(&["R-3", "R-1", "R-4"])));
    let says = |id: &str, what: &str| {
        (id.to_owned(), format!("The rule \"Name of {id}\" of the PredicateLogic Engine is not met: {what}."))
    };
    let (third, fourth) = ("actor.id must be \"alice\"", "workflow.created_by must be \"bob\"");
    assert_eq!(reasons(verdict), [says("R-3", third), says("R-4", fourth)]);
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn one_flat_fact_tells_of_workflow_move_actor_and_context() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-1");
    for _ in 0..2 {
        Asking::to_complete().judged_by(&rules).await.unwrap();
    }
    let [first, second] = &engine.given()[..] else { panic!("{:?}", engine.given()) };
    assert_ne!(first["id"], second["id"], "no two questions share a fact");
    assert_eq!(first["attributes"], second["attributes"]);
    assert_eq!((&first["type"], &first["confidence"]), (&json!("WORKFLOW_STATE"), &json!(100)));
    let attributes = first["attributes"].as_object().unwrap();
    for (name, value) in [
        ("tenant_id", json!("default")),
        ("workflow.workflow_type", json!("sample-analysis")),
        ("transition.to_state", json!("COMPLETED")),
        ("transition.metadata.results", json!([1.5])),
        ("transition.failure", json!(null)),
        ("actor.roles", json!(["supervisor"])),
        ("context", json!({})),
    ] {
        assert_eq!(attributes.get(name), Some(&value), "{name}");
    }
}

#[tokio::test]
async fn an_amendment_is_judged_by_the_rules_that_the_file_names_for_amendments() {
    let engine = engine().await;
    engine.rule("R-7", &[("transition.labels.sample", "EQUALS", "S-2"), ("transition.kind", "EQUALS", "amendment")]);
    let rules = amendable(&engine, "R-1, R-2", "R-4, R-2, R-7");
    let verdict = Asking::to_amend().judged_by(&rules).await.unwrap();
    assert!(
        matches!(&verdict, Verdict::Deny { rules, .. } if *rules == applied(&["R-4", "R-2", "R-7"])),
        "{verdict:?}"
    );
    let ids: Vec<String> = reasons(verdict).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["R-4", "R-7"]);
    assert_eq!(Asking::to_complete().judged_by(&rules).await.unwrap(), Verdict::Allow(applied(&["R-1", "R-2"])));
    let facts = engine.given();
    let attributes = facts[0]["attributes"].as_object().unwrap();
    for (name, value) in [
        ("transition.kind", json!("amendment")),
        ("transition.labels.sample", json!("S-1")),
        ("transition.labels.lot\\.1", json!("L")),
        ("workflow.labels.lot\\.1", json!("L")),
        ("transition.due_at", json!("2026-11-23T08:15:10.000Z")),
        ("workflow.due_at", json!(null)),
        ("transition.assignee", json!("carol")),
        ("workflow.replaces", json!("wf-0")),
    ] {
        assert_eq!(attributes.get(name), Some(&value), "{name}");
    }
    assert_eq!(facts[1]["attributes"]["workflow.replaces"], json!(null));
    assert_eq!(facts[1]["attributes"]["transition.labels"], json!({}));
}

#[tokio::test]
async fn an_amendment_that_the_file_does_not_name_is_not_asked_about() {
    let engine = engine().await;
    let verdict = Asking::to_amend().judged_by(&applicable(&engine, "R-3")).await.unwrap();
    assert_eq!(verdict, Verdict::Allow(applied(&[])));
    assert_eq!(engine.calls(""), 0);
}

/// Rules of the completion and of amendments.
fn amendable(engine: &AlimsEngine, completing: &str, amending: &str) -> AlimsRules {
    let folder = folder(completing, "refuse");
    let file = folder.path().join("predicate-logic/applicable.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let entry =
        format!("  - workflow_types: [sample-analysis]\n    moves: [{{ amendment: true }}]\n    rules: [{amending}]\n");
    std::fs::write(&file, text + &entry).unwrap();
    AlimsRules::load(reach(&engine.url), folder.path(), Arc::new(SequentialIds::default())).unwrap()
}

#[tokio::test]
async fn an_inactive_rule_refuses_or_is_passed_over_as_the_laboratory_says() {
    let engine = engine().await;
    engine.deactivate("R-2");
    let within = Duration::from_secs(5);
    let refusing = rules_within(&engine, "R-1, R-2", "refuse", within);
    let refused = reasons(Asking::to_complete().judged_by(&refusing).await.unwrap());
    assert!(matches!(&refused[..], [(id, said)] if id == "R-2" && said.contains("under a new id")), "{refused:?}");
    engine.draft("R-6", &[("actor.id", "EQUALS", "bob")]);
    let draft = reasons(Asking::to_complete().judged_by(&applicable(&engine, "R-6")).await.unwrap());
    assert!(
        matches!(&draft[..], [(_, said)] if said.contains("is DRAFT") && said.contains("Activate it")),
        "{draft:?}"
    );
    let skipping = rules_within(&engine, "R-1, R-2", "skip", within);
    assert_eq!(Asking::to_complete().judged_by(&skipping).await.unwrap(), Verdict::Allow(applied(&["R-1"])));
    refusing.warm().await;
}

#[tokio::test]
async fn an_unclear_answer_is_no_verdict_and_leaves_no_fact() {
    use Mishap::{LoseFacts, Restart, Say, Status};
    let cases = [
        ("a rule that does not exist", "R-1, R-9", vec![]),
        ("a rule that is not met beside one that does not exist", "R-3, R-9", vec![]),
        ("400 for a rule that is active", "R-1", vec![(EVALUATE, Status(400))]),
        ("409", "R-1", vec![(EVALUATE, Status(409))]),
        ("429", "R-1", vec![(EVALUATE, Status(429))]),
        ("500 twice", "R-1", vec![(EVALUATE, Status(500)), (EVALUATE, Status(500))]),
        ("a fact that is not taken", "R-1", vec![(GIVE, Status(400))]),
        ("a fact that may have been taken", "R-1", vec![(GIVE, Status(500)), (GIVE, Status(500))]),
        ("a restart in between", "R-1", vec![(EVALUATE, Restart)]),
        ("a restart before the rules are asked for", "R-3", vec![("GET /rules", Restart)]),
        ("a fact that was lost", "R-1", vec![(EVALUATE, LoseFacts)]),
        ("a fact that was lost, and would not have met the rule", "R-3", vec![(EVALUATE, LoseFacts)]),
        ("no word on whether the fact is there", "R-3", vec![("GET /facts/", Status(400))]),
        (
            "a rule that another engine did not find met",
            "R-1",
            vec![(EVALUATE, Say(r#"{"rule_id": "R-1", "result": false}"#))],
        ),
        ("an answer about another rule", "R-1", vec![(EVALUATE, Say(r#"{"rule_id": "R-2", "result": true}"#))]),
        ("an answer without result", "R-1", vec![(EVALUATE, Say(r#"{"rule_id": "R-1"}"#))]),
        ("a result of null", "R-1", vec![(EVALUATE, Say(r#"{"rule_id": "R-1", "result": null}"#))]),
        ("a result in words", "R-1", vec![(EVALUATE, Say(r#"{"rule_id": "R-1", "result": "true"}"#))]),
        ("no names", "R-3", vec![("GET /rules", Say("{}"))]),
        ("no states", "R-3", vec![("GET /rules", Say(r#"[{"id": "R-3", "name": "Three"}]"#))]),
        ("no list of the rules", "R-3", vec![("GET /rules", Status(404))]),
    ];
    let mut complaints = Vec::new();
    for (what, rules, mishaps) in cases {
        let engine = engine().await;
        for (call, mishap) in mishaps {
            engine.mishap(call, mishap);
        }
        let outcome = Asking::to_complete().judged_by(&applicable(&engine, rules)).await;
        if outcome.is_ok() || engine.calls(REMOVE) != 1 || !engine.facts().is_empty() {
            complaints.push(format!("{what}: {outcome:?}, {} facts", engine.facts().len()));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[tokio::test]
async fn a_failure_that_passes_is_got_over() {
    let engine = engine().await;
    engine.mishap(EVALUATE, Mishap::Status(500));
    engine.mishap(GIVE, Mishap::Status(503));
    engine.mishap(REMOVE, Mishap::Status(502));
    assert!(Asking::to_complete().judged_by(&applicable(&engine, "R-1, R-2")).await.is_ok());
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_working_memory_is_no_verdict() {
    let engine = engine().await;
    engine.crowd(WORKING_MEMORY_MAX);
    let rules = applicable(&engine, "R-1");
    let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(why, "it did not take the fact (status 400): its working memory may be full");
}

#[tokio::test(start_paused = true)]
async fn an_evaluation_that_takes_too_long_is_no_verdict_and_its_fact_is_removed() {
    let engine = engine().await;
    let rules = rules_within(&engine, "R-1", "refuse", DEADLINE_DEFAULT);
    engine.mishap(EVALUATE, Mishap::Hang);
    let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(why, "no verdict within 300 ms");
    engine.until_facts_are(0).await;
}

#[tokio::test]
async fn the_fact_of_a_judgement_that_nobody_waits_for_is_removed() {
    let engine = engine().await;
    let (rules, asking) = (applicable(&engine, "R-1"), Asking::to_complete());
    engine.mishap(EVALUATE, Mishap::Hang);
    let evaluating = async {
        while engine.calls(EVALUATE) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        outcome = asking.judged_by(&rules) => panic!("{outcome:?}"),
        () = evaluating => {}
    }
    assert_eq!(engine.facts().len(), 1);
    engine.until_facts_are(0).await;
}

#[tokio::test]
async fn a_fact_that_could_not_be_removed_is_removed_with_a_later_one() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-1");
    // Twice, because what may pass is tried twice; then once for one of two that are removed at the same time.
    for (mishaps, left) in [(&[500, 500][..], 1), (&[403], 1), (&[], 0)] {
        for status in mishaps {
            engine.mishap(REMOVE, Mishap::Status(*status));
        }
        assert!(Asking::to_complete().judged_by(&rules).await.is_ok(), "the verdict stands");
        assert_eq!(engine.facts().len(), left, "{mishaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_comes_after_its_removal_is_removed_with_a_later_one() {
    let engine = engine().await;
    let rules = rules_within(&engine, "R-1", "refuse", DEADLINE_DEFAULT);
    engine.mishap(GIVE, Mishap::TakeLate);
    Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!((engine.calls(REMOVE), engine.facts().len()), (1, 0), "it has not come yet");
    engine.go_on();
    engine.until_facts_are(1).await;
    assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_move_that_the_file_does_not_name_is_not_asked_about() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-3");
    let mut asking = Asking::to_complete();
    asking.transition.to = alims_domain::lifecycle::State::Paused;
    assert_eq!(asking.judged_by(&rules).await.unwrap(), Verdict::Allow(applied(&[])));
    asking.workflow.workflow_type = "free-form".parse().unwrap();
    assert_eq!(asking.judged_by(&rules).await.unwrap(), Verdict::Allow(AppliedRules::lifecycle_only()));
    assert_eq!(engine.calls(""), 0);
}

#[tokio::test]
async fn a_creation_of_a_type_that_does_not_exist_is_refused_without_the_engine() {
    let engine = engine().await;
    let folder = folder("R-3", "refuse");
    let types = "version: \"1\"\nworkflow_types: closed\nwithout_rules: [free-form]\n";
    std::fs::write(folder.path().join("workflow-types.yaml"), types).unwrap();
    let reach = within(&engine.url, Duration::from_secs(5));
    let rules = AlimsRules::load(reach.clone(), folder.path(), Arc::new(SequentialIds::default())).unwrap();
    let judged = async |workflow_type: &str, from| {
        let mut asking = Asking::to_complete();
        asking.workflow.workflow_type = workflow_type.parse().unwrap();
        asking.transition.from = from;
        asking.transition.to = alims_domain::lifecycle::State::Created;
        asking.judged_by(&rules).await.unwrap()
    };
    let message = "The workflow type sample-analysys does not exist. Use one of: free-form, sample-analysis.";
    let refused = reasons(judged("sample-analysys", None).await);
    assert_eq!(refused, [("known-workflow-type".to_owned(), message.to_owned())]);
    for known in ["free-form", "sample-analysis"] {
        assert!(matches!(judged(known, None).await, Verdict::Allow(_)), "{known}");
    }
    let existing = judged("sample-analysys", Some(alims_domain::lifecycle::State::Active)).await;
    assert_eq!(existing, Verdict::Allow(AppliedRules::lifecycle_only()));
    assert_eq!(engine.calls(""), 0);
    std::fs::write(folder.path().join("workflow-types.yaml"), "closed").unwrap();
    let wrong = AlimsRules::load(reach, folder.path(), Arc::new(SequentialIds::default())).map(drop);
    assert!(matches!(wrong, Err(AlimsNotUsable::Applicable(_))), "{wrong:?}");
}

#[tokio::test]
async fn rules_are_evaluated_at_the_same_time_but_not_too_many() {
    let ids: Vec<String> = (0..12).map(|n| format!("R-{n}")).collect();
    let all: Vec<_> = ids.iter().map(|id| (id.as_str(), "actor.id", "bob")).collect();
    let engine = AlimsEngine::with(&all).await;
    let verdict = Asking::to_complete().judged_by(&applicable(&engine, &ids.join(", "))).await.unwrap();
    assert!(matches!(verdict, Verdict::Allow(rules) if rules.evaluated == ids), "in the order of the file");
    assert!((2..=4).contains(&engine.evaluating_most()), "{} at the same time", engine.evaluating_most());
}

#[tokio::test]
async fn a_dead_engine_is_spared() {
    let engine = engine().await;
    let (rules, asking) = (applicable(&engine, "R-1"), Asking::to_complete());
    for _ in 0..10 {
        engine.mishap(GIVE, Mishap::Status(500));
    }
    for _ in 0..5 {
        Asking::expect_none(asking.judged_by(&rules).await);
    }
    let calls = engine.calls("");
    let why = Asking::expect_none(asking.judged_by(&rules).await);
    assert_eq!(why, "the circuit breaker is open");
    assert_eq!(engine.calls(""), calls);
    engine.go_on();
}

#[tokio::test]
async fn rules_without_the_file_do_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let ids = Arc::new(SequentialIds::default());
    let refused = AlimsRules::load(reach("http://127.0.0.1:1"), folder.path(), ids).err().unwrap();
    assert!(matches!(refused, AlimsNotUsable::Applicable(_)), "{refused}");
    assert!(refused.to_string().contains("predicate-logic/applicable.yaml"), "{refused}");
}
