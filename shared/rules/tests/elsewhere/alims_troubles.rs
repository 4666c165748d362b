//! ALIMS's own engine forgets, sends back what it was given, compares texts and cannot be asked everything: none of that
//! makes a "no" of a "yes", a "yes" of nothing, or takes the engine from other workflows.

use alims_domain::ruling::Verdict;
use alims_testing::builders::{a_principal, metadata};
use serde_json::{Map, Value, json};
use std::time::Duration;

use crate::alims::{EVALUATE, GIVE, REMOVE, applicable, applied, engine, reasons, rules_within};
use crate::alims_engine::{Mishap, WORKING_MEMORY_MAX};
use crate::asking::Asking;

/// More than the failures in a row that open the circuit breaker.
const MANY: usize = 12;

fn asking_about(shown: &Value) -> Asking {
    let mut asking = Asking::to_complete();
    asking.workflow.data.metadata = metadata(shown);
    asking.transition.data.metadata = metadata(shown);
    asking
}

#[tokio::test]
async fn a_rule_that_the_engine_does_not_have_is_neither_skipped_nor_refused() {
    for inactive in ["skip", "refuse"] {
        let engine = engine().await;
        let within = Duration::from_secs(5);
        let (named, misspelt) =
            (rules_within(&engine, "R-1", inactive, within), rules_within(&engine, "R-01", inactive, within));
        assert!(Asking::to_complete().judged_by(&named).await.is_ok());
        for _ in 0..MANY {
            let why = Asking::expect_none(Asking::to_complete().judged_by(&misspelt).await);
            assert!(why.starts_with("it has no rule R-01"), "{inactive}: {why}");
        }
        engine.restart();
        let why = Asking::expect_none(Asking::to_complete().judged_by(&named).await);
        assert!(why.starts_with("it has no rule R-1"), "{inactive}: {why}");
        engine.rule("R-1", &[("transition.metadata.review.conclusion", "EQUALS", "approved")]);
        assert_eq!(Asking::to_complete().judged_by(&named).await.unwrap(), Verdict::Allow(applied(&["R-1"])));
    }
}

#[tokio::test]
async fn a_no_of_an_engine_that_lost_the_fact_is_no_verdict() {
    let engine = engine().await;
    for mishap in [Mishap::LoseFacts, Mishap::Say(r#"{"rule_id": "R-1", "result": false}"#)] {
        engine.mishap(EVALUATE, mishap);
        let why = Asking::expect_none(Asking::to_complete().judged_by(&applicable(&engine, "R-1")).await);
        assert_eq!(why, "it lost the fact that it evaluated: it was restarted, or more than one process answers");
    }
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_to_a_lost_giving_of_the_fact_is_got_over() {
    let engine = engine().await;
    engine.mishap(GIVE, Mishap::LoseAnswer(502));
    let verdict = Asking::to_complete().judged_by(&applicable(&engine, "R-1, R-2")).await.unwrap();
    assert_eq!(verdict, Verdict::Allow(applied(&["R-1", "R-2"])));
    assert_eq!((engine.calls(GIVE), engine.calls(REMOVE), engine.facts().len()), (2, 1, 0));
}

#[tokio::test]
async fn a_workflow_with_large_metadata_is_judged_and_takes_the_engine_from_nobody() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-1, R-3");
    let review = json!({"conclusion": "approved"});
    let members: Map<String, Value> = (0..1400).map(|n| (format!("m{n:04}"), json!(n))).collect();
    let deep = (0..15)
        .fold(json!(members.clone().into_iter().take(200).collect::<Map<_, _>>()), |inner, _| json!({"d": inner}));
    for shown in [
        json!({"review": review, "text": "x".repeat(63 * 1024)}),
        json!({"review": review, "many": members}),
        json!({"review": review, "deep": deep}),
    ] {
        for _ in 0..MANY {
            let refused = reasons(asking_about(&shown).judged_by(&rules).await.unwrap());
            assert_eq!(refused.len(), 1, "{refused:?}");
        }
        assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
    }
    assert_eq!(engine.facts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_question_too_large_for_a_fact_is_refused_without_the_engine() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-1, R-2");
    let members: Map<String, Value> = (0..3000).map(|n| (n.to_string(), json!(n))).collect();
    let asking = asking_about(&json!({"K".repeat(30_000): members}));
    for fails in [false, true] {
        engine.fails(fails);
        for _ in 0..MANY {
            let verdict = asking.judged_by(&rules).await.unwrap();
            assert!(matches!(&verdict, Verdict::Deny { rules, .. } if *rules == applied(&["R-1", "R-2"])));
            let refused = reasons(verdict);
            assert_eq!(refused.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["R-1", "R-2"]);
            assert!(refused.iter().all(|(_, said)| said.contains("exceed 262144 bytes")), "{refused:?}");
        }
    }
    assert_eq!(engine.calls(""), 0);
    engine.fails(false);
    assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
}

#[tokio::test]
async fn a_fact_that_is_not_there_is_not_removed_for_ever() {
    let engine = engine().await;
    let rules = applicable(&engine, "R-1");
    engine.fails(true);
    Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    engine.fails(false);
    engine.mishap(REMOVE, Mishap::LoseAnswer(502));
    assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
    let removals = engine.calls(REMOVE);
    for _ in 0..3 {
        assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
    }
    assert_eq!(engine.calls(REMOVE), removals + 3, "one for each fact, and none for those that are not there");
}

#[tokio::test]
async fn a_full_working_memory_is_tried_again_and_leaves_nothing_to_remove() {
    let engine = engine().await;
    engine.crowd(WORKING_MEMORY_MAX);
    let rules = applicable(&engine, "R-1");
    for _ in 0..MANY {
        Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    }
    assert_eq!((engine.calls(GIVE), engine.calls(REMOVE)), (MANY, MANY), "no breaker opens, and nothing is left");
}

#[tokio::test]
async fn an_engine_that_is_full_of_facts_left_behind_gets_rid_of_them() {
    let engine = engine().await;
    engine.crowd(WORKING_MEMORY_MAX - 1);
    let rules = applicable(&engine, "R-1");
    engine.mishap(REMOVE, Mishap::Status(403));
    assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
    assert_eq!(engine.facts().len(), 1);
    Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(engine.facts().len(), 0);
    assert!(Asking::to_complete().judged_by(&rules).await.is_ok());
}

#[tokio::test]
async fn a_reason_names_the_conditions_that_are_not_met() {
    let engine = engine().await;
    let met = ("transition.metadata.sample", "EQUALS", "S-1");
    engine
        .rule("R-7", &[met, ("transition.metadata.flag", "EQUALS", "true"), ("context.approval", "NOT_EQUALS", "no")]);
    let asking = asking_about(&json!({"sample": "S-1", "flag": true}));
    let refused = reasons(asking.judged_by(&applicable(&engine, "R-7")).await.unwrap());
    let said = "The rule \"Name of R-7\" of the PredicateLogic Engine is not met: transition.metadata.flag must be \
                \"true\", and the engine reads \"True\"; context.approval must be there and not be \"no\", and it is absent.";
    assert_eq!(refused, [("R-7".to_owned(), said.to_owned())]);
}

#[tokio::test]
async fn a_role_is_an_attribute_that_no_other_role_can_pass_for() {
    let engine = engine().await;
    engine.rule("part", &[("actor.roles", "CONTAINS", "supervisor")]);
    engine.rule("whole", &[("actor.role.supervisor", "EQUALS", "true")]);
    engine.rule("dotted", &[("actor.role.lab\\.supervisor", "EQUALS", "true")]);
    for (roles, part, whole, dotted) in [
        (&["analyst", "supervisor"][..], true, true, false),
        (&["analyst", "not-a-supervisor"], true, false, false),
        (&["lab.supervisor"], true, false, true),
        (&[], false, false, false),
    ] {
        let asking = Asking { actor: a_principal("bob", roles), ..Asking::to_complete() };
        for (rule, met) in [("part", part), ("whole", whole), ("dotted", dotted)] {
            let verdict = asking.judged_by(&applicable(&engine, rule)).await.unwrap();
            assert_eq!(matches!(verdict, Verdict::Allow(_)), met, "{rule}: {roles:?}");
        }
    }
}
