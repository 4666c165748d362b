//! What the people who write rules are told: whether a folder is right, and why a verdict is what it is.

use alims_rules::{Asker, Case as FromFiles, CaseInvalid, Outcome};
use std::path::Path;

use super::*;

fn asker(id: &str) -> Asker {
    Asker { id: id.to_owned(), roles: vec!["analyst".to_owned()], now: "2026-11-23T09:00:00.000Z".parse().unwrap() }
}

/// A workflow as the API shows it.
fn state() -> Value {
    json!({
        "workflow_id": "w-1", "workflow_type": "test-run", "current_state": "ACTIVE", "previous_state": "CREATED",
        "version": 2, "created_at": "2026-11-23T08:00:00.000Z", "updated_at": "2026-11-23T08:30:00.000Z",
        "created_by": "alice", "metadata": {"results": {"glucose": 5.4}}, "allowed_transitions": ["PAUSED"]
    })
}

fn completion() -> Value {
    json!({"target_state": "COMPLETED", "reason": "Done.", "expected_version": 2})
}

fn laboratory() -> EmbeddedRules {
    EmbeddedRules::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).unwrap()
}

#[test]
fn each_rule_is_told_with_what_it_looked_at_and_what_came_of_it() {
    let case = FromFiles::of_move(&state().to_string(), &completion().to_string(), &asker("alice")).unwrap();
    let explained = laboratory().explain(&case.question()).unwrap();
    assert!(!explained.allowed);
    let outcomes: Vec<(&str, Outcome)> =
        explained.rules.iter().map(|rule| (rule.rule_id.as_str(), rule.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("sample-identified", Outcome::Met),
            ("results-present", Outcome::Met),
            ("results-signed", Outcome::NotMet),
            ("reviewed", Outcome::NotMet),
            ("own-work-not-reviewed", Outcome::NotAsked),
            ("four-eyes", Outcome::NotMet),
            ("failure-code", Outcome::NotAsked),
            ("results-not-discarded-alone", Outcome::NotAsked),
        ]
    );
    let told = serde_json::to_value(&explained).unwrap();
    assert_eq!(told["rules"][1]["inputs"], json!([{"path": "transition.metadata.results", "value": {"glucose": 5.4}}]));
    assert_eq!(
        told["rules"][5]["inputs"],
        json!([{"path": "actor.id", "value": "alice"}, {"path": "workflow.created_by", "value": "alice"}])
    );
    let text = explained.to_string();
    for line in [
        "test-run from ACTIVE to COMPLETED: refused",
        "by the ruleset laboratory, version 4",
        "not asked  failure-code",
        "met        results-present",
        "NOT MET    four-eyes",
        "  rule       actor.id != workflow.created_by",
        "  looked at  actor.id = \"alice\"",
        "  message    The creator of a workflow may not complete it. Ask a colleague to do it.",
    ] {
        assert!(text.lines().any(|told| told == line), "{line:?} in\n{text}");
    }
}

#[test]
fn an_explanation_shows_missing_inputs_and_the_cause_of_a_failure() {
    let rules = loaded(&ruleset_of(
        "has(transition.metadata.a) || transition.metadata.b / transition.metadata[\"c\"] == 1 || [1].all(x, x == context.n)",
    ))
    .unwrap();
    let case = Case::of(Some(Active), Completed).becoming(json!({"b": 1, "c": 0}));
    let explained = rules.explain(&case.question()).unwrap();
    let rule = serde_json::to_value(&explained.rules[0]).unwrap();
    assert_eq!(rule["outcome"], "failed");
    assert_eq!(
        rule["inputs"],
        json!([{"path": "transition.metadata.a"}, {"path": "transition.metadata.b", "value": 1},
               {"path": "transition.metadata[\"c\"]", "value": 0}, {"path": "context.n"}])
    );
    assert!(rule["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{rule}");
    assert!(explained.to_string().contains("looked at  transition.metadata.a = nothing is there"));
}

#[test]
fn an_explanation_and_a_verdict_never_differ() {
    let rules = laboratory();
    for from in [None, Some(Created), Some(Active), Some(Paused), Some(Failed)] {
        for to in State::ALL {
            for results in [json!({}), json!({"results": [1]})] {
                let case = Case::of(from, to).having(results.clone()).becoming(results);
                let allowed = matches!(case.judged_by(&rules), Verdict::Allow(_));
                assert_eq!(rules.explain(&case.question()).unwrap().allowed, allowed, "{from:?} to {to}");
            }
        }
    }
    let free = Case::of(Some(Active), Completed).of_type("free-form");
    let explained = rules.explain(&free.question()).unwrap();
    assert_eq!((explained.allowed, &explained.ruleset[..], explained.rules.len()), (true, "lifecycle-only", 0));
}

#[test]
fn a_creation_and_an_item_of_a_history_can_be_explained_too() {
    let creation = json!({
        "workflow_type": "sample-analysis", "metadata": {"sample_id": "S 1"}, "labels": {"sample": "S-1"},
        "due_at": "2026-12-01T00:00:00.000Z", "assignee": "bob", "replaces": "w-0",
    })
    .to_string();
    let case = FromFiles::of_creation(&creation, &asker("alice")).unwrap();
    let explained = laboratory().explain(&case.question()).unwrap();
    assert_eq!((explained.allowed, explained.rules[0].outcome), (false, Outcome::NotMet));
    assert!(explained.to_string().starts_with("sample-analysis from NOTHING to CREATED: refused\n"));
    let event = serde_json::to_string(&alims_testing::builders::a_created("w-1").event).unwrap();
    let case = FromFiles::of_move(&event, r#"{"target_state": "ACTIVE"}"#, &asker("bob")).unwrap();
    assert!(laboratory().explain(&case.question()).unwrap().allowed);
}

#[test]
fn an_amendment_can_be_explained_too() {
    let mut approved = state();
    let signed = alims_testing::builders::a_signature(
        &alims_testing::builders::a_created("w-1"),
        "carol",
        alims_domain::signature::Meaning::Review,
    );
    approved["signatures"] = json!(signed.event.signatures);
    approved["labels"] = json!({"sample": "S-1", "rack": "7"});
    approved["due_at"] = json!("2026-12-01T00:00:00.000Z");
    approved["assignee"] = json!("bob");
    approved["replaces"] = json!("w-0");
    let amended =
        |request: &Value| FromFiles::of_amendment(&approved.to_string(), &request.to_string(), &asker("alice"));
    let request = json!({"reason": "Typo.", "metadata": {"results": {"glucose": 5.5}}, "expected_version": 2});
    let still_signed = |expression: &str| {
        loaded(&ruleset_of(expression).replace("from: ACTIVE, to: COMPLETED", "amendment: true")).unwrap()
    };
    let still_signed = still_signed("signatures.exists(s, s.current && s.by == 'carol')");
    let explained = still_signed.explain(&amended(&request).unwrap().question()).unwrap();
    assert!(!explained.allowed, "the change of the data takes their effect from the signatures already");
    let text = explained.to_string();
    assert!(text.starts_with("test-run amended in ACTIVE: refused\n"), "{text}");
    let remark = amended(&json!({"reason": "A remark."})).unwrap();
    assert!(still_signed.explain(&remark.question()).unwrap().allowed);
    let text = laboratory().explain(&remark.question()).unwrap().to_string();
    assert!(text.contains("not asked  four-eyes"), "{text}");
    assert_eq!(serde_json::to_value(&explained).unwrap()["kind"], "amendment");
    let rules = loaded(
        &ruleset_of(
            "transition.labels == {'sample': 'S-1', 'lot': 'L'} && workflow.labels.rack == '7' && transition.due_at == null\n\
             && workflow.due_at > now && transition.assignee == 'bob' && transition.replaces == 'w-0'",
        )
        .replace("from: ACTIVE, to: COMPLETED", "amendment: true"),
    )
    .unwrap();
    let request = json!({"reason": "Tidy.", "labels": {"rack": null, "lot": "L"}, "due_at": null});
    let explained = rules.explain(&amended(&request).unwrap().question()).unwrap();
    assert!(explained.allowed, "{explained}");
    let told = |request: Value| amended(&request).map(|_| ()).unwrap_err().to_string();
    assert!(told(json!({})).contains("reason"));
    assert!(told(json!({"reason": "x", "target_state": "PAUSED"})).contains("target_state"));
    assert!(told(json!({"reason": "x", "labels": {"A": "x"}})).contains("amendment is invalid"));
    assert!(told(json!({"reason": "x", "due_at": "tomorrow"})).contains("amendment is invalid"));
    let many: Map<String, Value> = (0..9).map(|n| (format!("l{n}"), json!("x"))).collect();
    assert!(told(json!({"reason": "x", "labels": many})).contains("more than the 10 labels"));
    approved["current_state"] = json!("COMPLETED");
    let closed = |request: Value| FromFiles::of_amendment(&approved.to_string(), &request.to_string(), &asker("alice"));
    assert!(closed(json!({"reason": "A remark.", "labels": {"rack": "7"}})).is_ok());
    let refused = closed(json!({"reason": "x", "assignee": null})).unwrap_err();
    assert!(matches!(refused, CaseInvalid::Closed(State::Completed)), "{refused}");
}

#[test]
fn a_document_that_is_no_workflow_or_move_is_refused_with_its_place() {
    let told = |workflow: &Value, request: &Value, id: &str| {
        FromFiles::of_move(&workflow.to_string(), &request.to_string(), &asker(id)).map(|_| ()).unwrap_err().to_string()
    };
    let without = |name: &str| {
        let mut state = state();
        state.as_object_mut().unwrap().remove(name);
        state
    };
    assert!(told(&without("version"), &completion(), "bob").contains("version"));
    assert!(told(&json!([]), &completion(), "bob").contains("workflow"));
    assert!(told(&state(), &json!({"target_state": "DONE"}), "bob").contains("COMPLETED"));
    assert!(told(&state(), &json!({"target_state": "PAUSED", "colour": 1}), "bob").contains("colour"));
    assert!(told(&state(), &completion(), "").contains("actor"));
    let missing = FromFiles::of_move(&state().to_string(), r#"{"target_state": "CREATED"}"#, &asker("bob"));
    assert!(matches!(missing, Err(CaseInvalid::NoSuchMove { from: Active, to: Created })), "{missing:?}");
}

#[test]
fn a_check_tells_the_first_mistake_of_every_file_and_what_does_not_go_together() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    put("good.yaml", &ruleset_of("true"));
    put("typo.yaml", &ruleset_of("actr.id == 'x'").replace("ruleset: own", "ruleset: typo"));
    put("broken.yaml", "ruleset: [");
    let mistakes: Vec<String> = EmbeddedRules::check(dir.path()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("broken.yaml: ") && mistakes[0].contains("line 1"), "{mistakes:?}");
    assert!(mistakes[1].starts_with("typo.yaml: rule r: ") && mistakes[1].contains("actr"), "{mistakes:?}");

    std::fs::remove_file(dir.path().join("broken.yaml")).unwrap();
    put("typo.yaml", &ruleset_of("true").replace("ruleset: own", "ruleset: other"));
    let mistakes = EmbeddedRules::check(dir.path()).unwrap_err();
    assert!(matches!(&mistakes[..], [one] if one.to_string().contains("test-run")), "{mistakes:?}");

    put("typo.yaml", &ruleset_of("true").replace("ruleset: own", "ruleset: other").replace("[test-run]", "[b, a]"));
    let summaries = serde_json::to_value(EmbeddedRules::check(dir.path()).unwrap()).unwrap();
    assert_eq!(
        summaries,
        json!([
            {"ruleset": "other", "ruleset_version": "7", "workflow_types": ["a", "b"], "rules": 1},
            {"ruleset": "own", "ruleset_version": "7", "workflow_types": ["test-run"], "rules": 1},
        ])
    );
}
