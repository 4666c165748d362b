//! Rules at their worst, on the largest data: each ends as a refusal that names it, or does not start. None hangs, none
//! takes the process down, and none allows, whichever way round it is asked.

use alims_rules::Outcome;

use super::*;

/// A completion whose metadata, before and after, is as large as metadata may be.
fn large(metadata: Value) -> Case {
    let bytes = metadata.to_string().len();
    assert!((60_000..=65_536).contains(&bytes), "{bytes}");
    Case::of(Some(Active), Completed).having(metadata.clone()).becoming(metadata)
}

fn numbers() -> Case {
    large(json!({"list": vec![1; 16_000], "text": "a".repeat(29_000)}))
}

/// Why a rule with this expression is not met, when it is not: by itself, and not by being false.
#[track_caller]
fn refused(expression: &str, case: &Case) -> String {
    let rules = loaded(&ruleset_of(expression)).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(case.unmet_by(&rules), ["r"], "{expression}");
    let explained = rules.explain(&case.question()).unwrap();
    let rule = explained.rules.first().unwrap();
    assert_eq!((explained.allowed, rule.outcome), (false, Outcome::Failed), "{expression}");
    rule.cause.clone().unwrap()
}

#[track_caller]
fn refused_both_ways(expression: &str, case: &Case) {
    for expression in [
        expression.to_owned(),
        format!("!({expression})"),
        format!("({expression}) || true"),
        format!("true || ({expression}) || false"),
        format!("!(({expression}) && false)"),
    ] {
        // What stands to the right of what decides is not evaluated at all.
        if !expression.starts_with("true ||") {
            let cause = refused(&expression, case);
            assert!(cause.contains("units of work") || cause.contains("elements"), "{expression}: {cause}");
        }
    }
}

#[test]
fn loops_over_the_largest_metadata_that_do_much_for_each_element_end() {
    let case = large(json!({"list": vec![1; 9_000], "text": "a".repeat(42_000), "other": vec!["abc"; 500]}));
    for body in [
        "transition.metadata.text.contains('b')",
        "transition.metadata.text.startsWith(workflow.metadata.text)",
        "transition.metadata.text.endsWith(transition.metadata.text)",
        "size(transition.metadata.text) > 0",
        "transition.metadata.text.size() > 0",
        "transition.metadata == workflow.metadata",
        "transition.metadata.list == workflow.metadata.list",
        "transition.metadata.text != workflow.metadata.text",
        "transition.metadata.text <= workflow.metadata.text",
        "x in transition.metadata.list",
        "'b' in workflow.metadata.list",
        "transition.metadata in [workflow.metadata]",
        "transition.metadata.text + 'b' != ''",
        "transition.metadata.list + [x] != []",
        "string(transition.metadata.text) != ''",
        "size(bytes(transition.metadata.text)) > 0",
        "bytes(transition.metadata.text) != b''",
        "int(transition.metadata.text) == 1",
        "timestamp(transition.metadata.text) < now",
        "duration(transition.metadata.text) < duration('1h')",
        "now.getHours(transition.metadata.text) == 1",
        "[transition.metadata, workflow.metadata][0] != {}",
        "{'a': transition.metadata}.a != {}",
        "{transition.metadata.text: 1} != {}",
        "transition.metadata[transition.metadata.text] == 1",
        "(x == 1 ? transition.metadata : workflow.metadata) != {}",
        "transition.metadata.other.map(o, o) != []",
        "transition.metadata.other.filter(o, o == 'abc') != []",
        "transition.metadata.list.map(y, transition.metadata) != []",
        "[1].map(y, transition.metadata) != []",
        "transition.metadata.text.matches('(a|b)*a(a|b){200}c')",
        "transition.metadata.text.matches('(a+)+$') == false",
        "!matches(transition.metadata.text, '(x+x+)+y|[ab]*a[ab]{500}c')",
    ] {
        refused_both_ways(&format!("transition.metadata.list.all(x, ({body}) || true)"), &case);
    }
}

#[test]
fn long_bodies_pay_for_each_of_their_nodes() {
    let expression = format!("transition.metadata.list.all(x, {})", vec!["x == 1"; 100].join(" && "));
    refused_both_ways(&expression, &numbers());
    // The same body for few elements is no problem.
    let few = Case::of(Some(Active), Completed).becoming(json!({"list": vec![1; 100]}));
    assert!(met(&expression, &few));
}

#[test]
fn texts_lists_and_objects_that_grow_by_themselves_end_before_memory_does() {
    let case = large(json!({"text": "a".repeat(64_000)}));
    let times = |what: &str, times: usize| vec![what; times].join(" + ");
    let doubled = |sum: &str| format!("[transition.metadata.text].map(a, {sum}).map(a, {sum}).map(a, {sum})");
    for expression in [
        format!("size({}) > 0", doubled(&times("a", 8))),
        format!("{}[0] != ''", doubled(&times("a", 8))),
        format!("size([[transition.metadata.text]].map(a, {}).map(a, {})[0]) > 0", times("a", 8), times("a", 8)),
        format!(
            "[transition.metadata].map(a, [{}]).map(a, [{}]) != []",
            vec!["a"; 200].join(", "),
            vec!["a"; 200].join(", ")
        ),
        format!("[{}] != []", vec!["transition.metadata"; 90].join(", ")),
        format!("{{{}}} != {{}}", (0..60).map(|n| format!("{n}: transition.metadata")).collect::<Vec<_>>().join(", ")),
        format!(
            "[transition.metadata.text].map(a, {{'x': a, 'y': a}}){} != []",
            ".map(a, {'x': [a, a, a, a], 'y': [a, a, a, a]})".repeat(8)
        ),
    ] {
        refused_both_ways(&expression, &case);
    }
}

#[test]
fn loops_in_loops_in_loops_end() {
    let case = large(json!({"list": vec![1; 16_000], "text": "a".repeat(29_000)}));
    let list = "transition.metadata.list";
    for expression in [
        format!("{list}.all(a, {list}.all(b, {list}.all(c, a == b && b == c)))"),
        format!("{list}.map(a, {list}.map(b, a + b)) != []"),
        format!("{list}.exists(a, {list}.exists(b, a + b == 3))"),
        format!("{list}.filter(a, {list}.exists_one(b, b == a)) != []"),
    ] {
        refused_both_ways(&expression, &case);
    }
}

#[test]
fn a_pattern_that_is_a_bomb_or_made_of_data_does_not_start() {
    for (expression, cause) in [
        (r"actor.id.matches('(((((a{1,100}){1,100}){1,100}){1,100}){1,100})')", "pattern"),
        (r"actor.id.matches('\\w{1000}')", "pattern"),
        (r"actor.id.matches('(\\pL|\\pN){5000}')", "pattern"),
        ("actor.id.matches(transition.metadata.pattern)", "written out"),
        ("matches(actor.id, workflow.created_by + '.*')", "written out"),
        ("actor.id.matches('(?=x)')", "constant"),
        ("actor.id.matches('a{2,1}')", "constant"),
    ] {
        let sentence = loaded(&ruleset_of(expression)).map(|_| ()).unwrap_err().to_string();
        assert!(sentence.starts_with("own.yaml: rule r: ") && sentence.contains(cause), "{sentence}");
    }
}

#[test]
fn useful_rules_over_large_metadata_stay_within_their_bounds() {
    let wells: Vec<Value> =
        (0..1000).map(|n| json!({"id": format!("A{n:03}"), "value": n, "unit": "mmol/L", "ok": true})).collect();
    let case = Case::of(Some(Active), Completed).becoming(json!({"wells": wells, "units": ["mmol/L", "mg/dL"]}));
    for expression in [
        "transition.metadata.wells.all(w, w.value >= 0 && w.value < 1000 && w.unit in transition.metadata.units)",
        "transition.metadata.wells.all(w, w.id.matches('^A[0-9]{3}$') && has(w.value) && w.ok)",
        "transition.metadata.wells.filter(w, w.value > 990).size() == 9",
        "transition.metadata.wells.exists_one(w, w.id == 'A007')",
        "transition.metadata.wells.map(w, w.value).filter(v, v < 10).all(v, v >= 0)",
        "!transition.metadata.wells.exists(w, !w.ok || w.id.contains(' ') || !w.id.startsWith('A'))",
    ] {
        assert!(met(expression, &case), "{expression}");
    }
}

/// What one rule spends another has still.
#[test]
fn a_rule_that_ran_out_takes_nothing_from_the_next() {
    let one = "transition.metadata.list.all(x, transition.metadata.text.contains('b'))";
    let text = ruleset_of(one);
    let second = ruleset_of("transition.metadata.text.contains('a')")
        .split_once("rules:\n")
        .unwrap()
        .1
        .replace("id: r", "id: s");
    let rules = loaded(&format!("{text}{second}")).unwrap();
    assert_eq!(numbers().unmet_by(&rules), ["r"]);
}

/// A hundred rules, each at its worst: the whole ruleset ends too.
#[test]
fn the_worst_ruleset_ends() {
    let rule = ruleset_of("transition.metadata.list.all(x, [x, x, x].all(y, y + x > 0 && x in [y, x]))");
    let rule = rule.split_once("rules:\n").unwrap().1;
    let many: String = (0..100).map(|n| rule.replace("id: r", &format!("id: r{n}"))).collect();
    let rules =
        loaded(&ruleset_of("true").replace(ruleset_of("true").split_once("rules:\n").unwrap().1, &many)).unwrap();
    assert_eq!(numbers().unmet_by(&rules).len(), 100);
}
