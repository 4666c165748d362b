//! How moves are judged.

use alims_domain::event::AppliedRules;
use alims_domain::refusal::RuleReason;

use super::*;

/// A completion with these metadata after the move.
fn completing(metadata: Value) -> Case {
    Case::of(Some(Active), Completed).becoming(metadata)
}

#[test]
fn every_rule_that_applies_is_evaluated_in_order_and_every_unmet_one_is_a_reason() {
    let rules = loaded(
        r#"
ruleset: own
version: "7"
workflow_types: [test-run]
rules:
  - { id: z, applies_to: [{ to: COMPLETED }], message: Z., expression: "false" }
  - { id: elsewhere, applies_to: [{ to: ACTIVE }], message: E., expression: "false" }
  - { id: y, applies_to: [{ from: ACTIVE, to: COMPLETED }, { from: ACTIVE, to: PAUSED }], message: Y., expression: "true" }
  - { id: x, applies_to: [{ from: ACTIVE, to: COMPLETED }], message: X., expression: "transition.metadata.a == 1" }
"#,
    )
    .unwrap();
    let applied = |evaluated: &[&str]| AppliedRules {
        ruleset: "own".to_owned(),
        ruleset_version: "7".to_owned(),
        evaluated: evaluated.iter().map(|id| (*id).to_owned()).collect(),
    };
    let reason = |id: &str, message: &str| RuleReason { rule_id: id.to_owned(), message: message.to_owned() };
    assert_eq!(
        completing(json!({})).judged_by(&rules),
        Verdict::Deny { rules: applied(&["z", "y", "x"]), reasons: vec![reason("z", "Z."), reason("x", "X.")] }
    );
    assert_eq!(Case::of(Some(Active), Paused).judged_by(&rules), Verdict::Allow(applied(&["y"])));
    assert_eq!(Case::of(Some(Active), Failed).judged_by(&rules), Verdict::Allow(applied(&[])));
}

#[test]
fn a_rule_is_asked_on_the_moves_it_names_and_on_no_others() {
    let rules =
        |applies_to: &str| loaded(&ruleset_of("false").replace("{ from: ACTIVE, to: COMPLETED }", applies_to)).unwrap();
    for (applies_to, asked_from) in [
        ("{ from: PAUSED, to: CANCELLED }", vec![Paused]),
        ("{ to: CANCELLED }", vec![Active, Paused, Failed]),
        ("{ to: PAUSED }", vec![]),
    ] {
        let rules = rules(applies_to);
        for from in [Active, Paused, Failed] {
            let refused = !Case::of(Some(from), Cancelled).unmet_by(&rules).is_empty();
            assert_eq!(refused, asked_from.contains(&from), "{applies_to} from {from}");
        }
    }
    assert_eq!(Case::of(None, Created).unmet_by(&rules("{ to: CREATED }")), ["r"]);
}

#[test]
fn a_type_that_no_ruleset_names_is_held_to_the_lifecycle_alone() {
    let rules = loaded(&ruleset_of("false")).unwrap();
    let verdict = Case::of(Some(Active), Completed).of_type("unheard-of").judged_by(&rules);
    assert_eq!(verdict, Verdict::Allow(AppliedRules::lifecycle_only()));
}

#[test]
fn an_expression_sees_the_workflow_the_move_the_actor_the_context_and_the_time() {
    let case = completing(json!({"after": true})).having(json!({"before": true})).telling(json!({"ticket": "T-1"}));
    for expression in [
        r#"workflow.workflow_id == "w-1" && workflow.workflow_type == "test-run" && workflow.tenant_id == "lab-1""#,
        r#"workflow.current_state == "ACTIVE" && workflow.previous_state == "CREATED" && workflow.version == 3"#,
        r#"workflow.created_by == "alice" && workflow.updated_by == "carol""#,
        "workflow.metadata == {'before': true} && transition.metadata == {'after': true}",
        r#"transition.from_state == "ACTIVE" && transition.to_state == "COMPLETED""#,
        r#"transition.reason == "Because." && transition.failure == null"#,
        r#"actor.id == "bob" && actor.roles == ["analyst"] && "analyst" in actor.roles"#,
        r#"context.ticket == "T-1" && context["ticket"] == "T-1" && !has(context.other)"#,
        r#"now == timestamp("2026-11-23T09:00:00Z") && now - workflow.created_at == duration("1h")"#,
        r#"workflow.updated_at + duration("30m") <= now && now.getHours() == 9 && now.getHours("+01:00") == 10"#,
        r#"workflow["created_by"] == "alice""#,
    ] {
        assert!(met(expression, &case), "{expression}");
    }
    assert!(met("context == {}", &completing(json!({}))));
}

#[test]
fn a_creation_has_no_state_no_version_and_no_metadata_yet() {
    let rules = loaded(
        &ruleset_of(
            "workflow.current_state == null && workflow.previous_state == null && workflow.version == 0\n\
         && workflow.metadata == {} && transition.from_state == null && transition.to_state == 'CREATED'\n\
         && transition.metadata.a == 1 && workflow.created_by == 'alice'",
        )
        .replace("{ from: ACTIVE, to: COMPLETED }", "{ from: NOTHING, to: CREATED }"),
    )
    .unwrap();
    let creation = Case::of(None, Created).having(json!({"a": 1})).becoming(json!({"a": 1}));
    assert_eq!(creation.unmet_by(&rules), [""; 0]);
    assert_eq!(Case::of(None, Created).unmet_by(&rules), ["r"]);
}

#[test]
fn a_failure_is_seen_whole() {
    let rules = ruleset_of(
        "transition.failure.code == 'other' && transition.failure.message == 'It broke.'\n\
         && transition.failure.retryable && transition.failure != null",
    )
    .replace("to: COMPLETED", "to: FAILED");
    let rules = loaded(&rules).unwrap();
    assert_eq!(Case::of(Some(Active), Failed).failing_with("other").unmet_by(&rules), [""; 0]);
    assert_eq!(Case::of(Some(Active), Failed).unmet_by(&rules), ["r"]);
}

#[test]
fn whole_and_broken_numbers_compare_by_value() {
    for (value, expected) in
        [(json!(6), true), (json!(5), false), (json!(5.5), true), (json!(4.9), false), (json!(6.0), true)]
    {
        let case = completing(json!({"results": {"value": value}}));
        assert_eq!(met("transition.metadata.results.value > 5", &case), expected, "{value}");
        assert_eq!(met("transition.metadata.results.value > 5.0", &case), expected, "{value}");
        assert_eq!(met("5 < transition.metadata.results.value", &case), expected, "{value}");
    }
    for value in [json!(6), json!(6.0)] {
        let case = completing(json!({"v": value}));
        assert!(met("transition.metadata.v == 6 && transition.metadata.v == 6.0", &case), "{value}");
        assert!(met("transition.metadata.v in [5, 6] && double(transition.metadata.v) / 4.0 == 1.5", &case), "{value}");
    }
    let edge = completing(json!({"v": 9_007_199_254_740_991_i64, "w": -9_007_199_254_740_991_i64}));
    assert!(met(
        "transition.metadata.v == 9007199254740991 && transition.metadata.v + transition.metadata.w == 0",
        &edge
    ));
}

#[test]
fn an_expression_that_fails_on_the_data_is_not_met() {
    let case = completing(json!({"n": 0, "text": "x", "list": [1], "nil": null, "min": i64::MIN, "max": i64::MAX}));
    for expression in [
        "transition.metadata.missing == 1",
        "transition.metadata.missing.deeper == 1",
        "transition.metadata.text > 1",
        "transition.metadata.text.size() + transition.metadata.text == 1",
        "1 / transition.metadata.n == 0",
        "1 % transition.metadata.n == 0",
        "transition.metadata.list[1] == 1",
        "transition.metadata.list[transition.metadata.min] == 1",
        "transition.metadata.nil.x == 1",
        "size(transition.metadata.n) == 0",
        "transition.metadata.max + 1 > 0",
        "transition.metadata.min - 1 < 0",
        "-transition.metadata.min > 0",
        "transition.metadata.min / -1 > 0",
        "transition.metadata.min % -1 == 7",
        "transition.metadata.max * transition.metadata.max > 0",
        "int(1.0e300 * double(transition.metadata.max)) > 0",
        "timestamp(transition.metadata.text) < now",
        "timestamp(transition.metadata.max) < now",
        "now + duration('2562047h') + duration('2562047h') == now + duration('1ns')",
        "duration(transition.metadata.text) < duration('1h')",
        "now.getHours(transition.metadata.text) == 1",
        "transition.metadata.text",
        "transition.metadata.n == 0 ? transition.metadata.n : true",
        "!transition.metadata.n",
        "transition.metadata.list.all(x, x.y)",
        "transition.metadata.list.exists(x, x)",
        "{transition.metadata.nil: 1} == {}",
        "context.approved",
    ] {
        assert!(!met(expression, &case), "{expression}");
    }
}

#[test]
fn an_expression_decided_without_its_failing_part_is_decided() {
    let case = completing(json!({"ok": true}));
    assert!(met("transition.metadata.ok || transition.metadata.missing", &case));
    assert!(!met("transition.metadata.missing && transition.metadata.ok", &case));
    assert!(met("!has(transition.metadata.missing) || transition.metadata.missing > 1", &case));
    assert!(met("has(transition.metadata.ok) ? transition.metadata.ok : transition.metadata.missing", &case));
}

#[test]
fn loops_see_every_element_and_end_within_their_bound() {
    let case = completing(json!({"list": [1, 2, 3, 4], "wells": {"A1": 1, "A2": 2}}));
    for expression in [
        "transition.metadata.list.all(x, x > 0) && !transition.metadata.list.all(x, x > 1)",
        "transition.metadata.list.exists(x, x == 4) && !transition.metadata.list.exists(x, x == 5)",
        "transition.metadata.list.exists_one(x, x == 4) && !transition.metadata.list.exists_one(x, x > 1)",
        "transition.metadata.list.map(x, x * 2) == [2, 4, 6, 8]",
        "transition.metadata.list.map(x, x > 2, x * 2) == [6, 8]",
        "transition.metadata.list.filter(x, x % 2 == 0) == [2, 4]",
        "transition.metadata.list.all(x, transition.metadata.list.exists(y, y == x))",
        "transition.metadata.wells.all(well, transition.metadata.wells[well] > 0)",
    ] {
        assert!(met(expression, &case), "{expression}");
    }

    // 100 elements crossed are 100 + 100 * 100 steps: just too many. 99 are within the bound.
    let crossed = |n: usize| completing(json!({"list": vec![1; n]}));
    for expression in [
        "transition.metadata.list.all(x, transition.metadata.list.all(y, y == x))",
        "!transition.metadata.list.exists(x, transition.metadata.list.exists(y, y != x))",
        "!transition.metadata.list.exists_one(x, transition.metadata.list.exists_one(y, y != x))",
        "size(transition.metadata.list.map(x, transition.metadata.list.map(y, y))) > 0",
        "size(transition.metadata.list.filter(x, size(transition.metadata.list.filter(y, y > 1)) == 0)) > 0",
        "size(transition.metadata.list.map(x, size(transition.metadata.list.map(y, y > 1, y)) == 0, x)) > 0",
    ] {
        assert!(met(expression, &crossed(99)), "{expression}");
        assert!(!met(expression, &crossed(100)), "{expression}");
        assert!(!met(&format!("!({expression})"), &crossed(100)), "{expression}");
    }
}

#[test]
fn each_rule_has_the_whole_bound_to_itself() {
    let one = "transition.metadata.list.all(x, x == 1)";
    let text = ruleset_of(one);
    let second = text.split_once("rules:\n").unwrap().1.replace("id: r", "id: s");
    let rules = loaded(&format!("{text}{second}")).unwrap();
    assert_eq!(completing(json!({"list": vec![1; 9000]})).unmet_by(&rules), [""; 0]);
    assert_eq!(completing(json!({"list": vec![1; 10_001]})).unmet_by(&rules), ["r", "s"]);
}

#[test]
fn the_deepest_expression_and_metadata_are_judged_on_half_a_workers_stack() {
    let deep = (1..16).fold(json!({"n": 1}), |inner, _| json!({"into": inner}));
    let case = completing(json!({"deep": deep, "wide": "x".repeat(60_000)}));
    let expressions = [
        "size(transition.metadata.wide) == 60000".to_owned(),
        format!("transition.metadata.deep{}.n == 1", ".into".repeat(15)),
        format!("{}true{}", "(".repeat(19), " ? true : false)".repeat(19)),
        format!("{}true{}", "[1].all(x, ".repeat(9), ")".repeat(9)),
        format!("{}1{} != []", "[1].map(x, ".repeat(5), ")".repeat(5)),
    ];
    let judge = move || expressions.map(|expression| met(&expression, &case));
    let judged = std::thread::Builder::new().stack_size(1024 * 1024).spawn(judge).unwrap().join().unwrap();
    assert_eq!(judged, [true; 5]);
}

#[test]
fn a_rule_for_moves_and_one_for_amendments_never_apply_to_the_other() {
    let every = State::ALL.map(|to| format!("{{ to: {to} }}")).join(", ");
    let with = |id: &str, applies_to: &str| {
        format!("  - {{ id: {id}, applies_to: [{applies_to}], message: No., expression: \"false\" }}\n")
    };
    let rules = with("moves", &every)
        + &with("amendments", "{ amendment: true }")
        + &with("both", &format!("{every}, {{ amendment: true }}"));
    let rules = loaded(&format!("ruleset: own\nversion: \"7\"\nworkflow_types: [test-run]\nrules:\n{rules}")).unwrap();
    assert_eq!(Case::of(None, Created).unmet_by(&rules), ["moves", "both"]);
    for from in State::ALL {
        assert_eq!(Case::amending(from).unmet_by(&rules), ["amendments", "both"], "{from}");
        for to in from.allowed_transitions() {
            assert_eq!(Case::of(Some(from), to).unmet_by(&rules), ["moves", "both"], "{from} to {to}");
        }
    }
}

#[test]
fn labels_due_date_assignee_and_what_is_replaced_are_seen_before_and_after() {
    let before = json!({"labels": {"a": "x", "lot-1": "y"}, "due_at": "2026-11-23T09:00:00.000Z", "assignee": "bob"});
    let after = json!({"labels": {"a": "z"}, "assignee": "carol"});
    let mut case = Case::of(Some(Active), Completed).holding(&before).becoming_with(&after);
    case.workflow.replaces = Some("w-0".parse().unwrap());
    for expression in [
        "transition.kind == 'move'",
        "workflow.labels == {'a': 'x', 'lot-1': 'y'} && transition.labels == {'a': 'z'}",
        "has(workflow.labels.a) && !has(workflow.labels.b) && workflow.labels.a == 'x'",
        "'lot-1' in workflow.labels && !('lot-1' in transition.labels) && workflow.labels['lot-1'] == 'y'",
        "workflow.labels.size() == 2 && workflow.labels.all(name, workflow.labels[name] in ['x', 'y'])",
        "workflow.due_at == now && transition.due_at == null",
        "workflow.assignee == actor.id && transition.assignee == 'carol'",
        "workflow.replaces == 'w-0' && transition.replaces == 'w-0'",
    ] {
        assert!(met(expression, &case), "{expression}");
    }
    assert!(!met("transition.labels.gone == 'x'", &case), "an absent label makes the expression fail");
    assert!(!met("transition.due_at > now", &case), "so does a due date that is not set");
}

#[test]
fn a_creation_has_data_only_after_it() {
    let data = json!({"labels": {"a": "x"}, "due_at": "2026-11-23T09:00:00.000Z", "assignee": "bob"});
    let mut case = Case::of(None, Created).holding(&data).becoming_with(&data);
    case.workflow.replaces = Some("w-0".parse().unwrap());
    let created = |expression: &str| {
        let text = ruleset_of(expression).replace("from: ACTIVE, to: COMPLETED", "to: CREATED");
        case.unmet_by(&loaded(&text).unwrap()).is_empty()
    };
    for expression in [
        "transition.kind == 'creation'",
        "workflow.labels == {} && workflow.due_at == null && workflow.assignee == null && workflow.replaces == null",
        "transition.labels.a == 'x' && transition.due_at == now && transition.assignee == 'bob'",
        "transition.replaces == 'w-0'",
    ] {
        assert!(created(expression), "{expression}");
    }
}
