//! The rulesets in docs/rules.md: each is loaded as it stands there, and judges as the page says.

use alims_rules::RulesetSummary;

use super::*;

const PAGE: &str = include_str!("../../../../docs/rules.md");

/// The page's rulesets, all loaded together.
fn documented() -> EmbeddedRules {
    let blocks = PAGE.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned());
    let named = blocks.enumerate().map(|(number, text)| {
        let types = text.starts_with("# workflow-types.yaml");
        (if types { "workflow-types.yaml".to_owned() } else { format!("{number}.yaml") }, text)
    });
    EmbeddedRules::from_documents(named).unwrap()
}

fn unmet(case: Case) -> Vec<String> {
    case.unmet_by(&documented())
}

#[test]
fn every_ruleset_of_the_page_is_one() {
    let summaries: Vec<RulesetSummary> = documented().summaries();
    let names: Vec<&str> = summaries.iter().map(|summary| summary.ruleset.as_str()).collect();
    assert_eq!(names, ["dilution", "incubation", "plates", "release-test", "stability"]);
}

/// What the page shows of the rules that are shipped.
#[test]
fn the_page_names_the_version_of_the_shipped_rules() {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let summaries = EmbeddedRules::load(&shipped).unwrap().summaries();
    let laboratory = summaries.iter().find(|summary| summary.ruleset == "laboratory").unwrap();
    let named = PAGE.split("by the ruleset laboratory, version ").skip(1);
    let named: Vec<&str> = named.map(|rest| rest.split_whitespace().next().unwrap()).collect();
    assert!(!named.is_empty() && named.iter().all(|named| *named == laboratory.ruleset_version), "{named:?}");
}

#[test]
fn the_page_closes_its_workflow_types() {
    let known: Vec<String> = documented().known_types().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(known, ["dilution", "incubation", "plate-reading", "release-test", "stability-test", "training"]);
}

#[test]
fn the_first_ruleset_asks_for_a_second_person() {
    let completion = || Case::of(Some(Active), Completed).of_type("dilution");
    assert_eq!(unmet(completion()), [""; 0]);
    assert_eq!(unmet(completion().by("alice", "supervisor")), ["second-person"]);
}

#[test]
fn a_plate_is_judged_well_by_well() {
    let plate = |wells: Value| {
        let metadata = json!({"unit": "OD", "wells": wells});
        unmet(Case::of(Some(Active), Completed).of_type("plate-reading").becoming(metadata))
    };
    let well = |value: f64| json!({"value": value, "unit": "OD"});
    let blank = json!({"value": 0, "unit": "OD", "blank": true});
    assert_eq!(plate(json!([blank, well(1.5), well(4.0)])), [""; 0]);
    assert_eq!(plate(json!([blank, well(4.1)])), ["every-well-in-range"]);
    assert_eq!(plate(json!([blank, {"value": 1, "unit": "mOD"}])), ["every-well-in-range"]);
    assert_eq!(plate(json!([blank, {"unit": "OD"}])), ["every-well-in-range"]);
    assert_eq!(plate(json!([])), ["every-well-in-range", "one-blank"]);
    assert_eq!(plate(json!([blank, blank])), ["one-blank"]);
    let outlier = json!({"value": 1, "unit": "OD", "outlier": true});
    assert_eq!(plate(json!([blank, outlier])), ["few-outliers"]);
    let ten: Vec<Value> = [blank, outlier].into_iter().chain((0..8).map(|_| well(1.0))).collect();
    assert_eq!(plate(json!(ten)), [""; 0]);
    assert_eq!(plate(json!("none")), ["every-well-in-range", "one-blank", "few-outliers"]);
}

#[test]
fn an_incubation_is_judged_by_time() {
    // It is 2026-11-23T09:00:00Z; the workflow was updated at 08:30.
    let completed = |started: &str| {
        let metadata = json!({"started_at": started});
        unmet(Case::of(Some(Active), Completed).of_type("incubation").becoming(metadata))
    };
    assert_eq!(completed("2026-11-22T09:00:00Z"), [""; 0]);
    assert_eq!(completed("2026-11-22T09:00:01Z"), ["long-enough"]);
    assert_eq!(completed("2026-11-21T08:59:59Z"), ["long-enough"]);
    assert_eq!(completed("the day before"), ["long-enough"]);
    let begun = |expires: Value| {
        let metadata = json!({"reagent": {"expires_at": expires}});
        unmet(Case::of(Some(Created), Active).of_type("incubation").becoming(metadata))
    };
    assert_eq!(begun(json!("2026-11-23T09:00:01+00:00")), [""; 0]);
    assert_eq!(begun(json!("2026-11-23T09:00:00Z")), ["reagent-in-date"]);
    assert_eq!(begun(json!(20261231)), ["reagent-in-date"]);
    let retried = |now: &str| {
        let mut case = Case::of(Some(Failed), Active).of_type("incubation");
        case.now = now.parse().unwrap();
        unmet(case)
    };
    assert_eq!(retried("2026-11-23T08:40:00Z"), [""; 0]);
    assert_eq!(retried("2026-11-23T08:39:59Z"), ["not-at-once"]);
}

/// A case of the type that the page's rules on labels and due dates are for.
fn of_stability(case: Case) -> Case {
    case.of_type("stability-test")
}

#[test]
fn a_label_is_asked_for_at_the_creation_and_kept_by_amendments() {
    let created = |data: Value| unmet(of_stability(Case::of(None, Created)).becoming_with(&data));
    assert_eq!(created(json!({"labels": {"sample": "S-2026-0007"}})), [""; 0]);
    assert_eq!(created(json!({})), ["sample-labelled"]);
    assert_eq!(created(json!({"labels": {"sample": "7"}})), ["sample-labelled"]);
    let amended = |before: Value, after: Value| {
        unmet(of_stability(Case::amending(Active)).holding(&before).becoming_with(&after))
    };
    let both = |lot: &str| json!({"labels": {"sample": "S-2026-0007", "lot-number": lot}});
    let one = json!({"labels": {"sample": "S-2026-0007"}});
    assert_eq!(amended(one.clone(), both("L1")), [""; 0]);
    assert_eq!(amended(both("L1"), both("L1")), [""; 0], "a remark");
    assert_eq!(amended(both("L1"), both("L2")), ["lot-stays"]);
    assert_eq!(amended(both("L1"), one), ["lot-stays"]);
    assert_eq!(amended(both("L1"), json!({})), ["sample-labelled", "lot-stays"]);
}

#[test]
fn a_due_date_is_asked_for_and_only_a_supervisor_postpones_it() {
    // It is 2026-11-23T09:00:00Z.
    let begun = |data: Value| unmet(of_stability(Case::of(Some(Created), Active)).becoming_with(&data));
    assert_eq!(begun(json!({"due_at": "2026-11-23T09:00:00.001Z"})), [""; 0]);
    assert_eq!(begun(json!({"due_at": "2026-11-23T09:00:00.000Z"})), ["due-date-set"]);
    assert_eq!(begun(json!({})), ["due-date-set"]);
    let day =
        |day: u8| json!({"labels": {"sample": "S-2026-0007"}, "due_at": format!("2026-12-{day:02}T00:00:00.000Z")});
    let amended = |before: &Value, after: &Value, role: &str| {
        unmet(of_stability(Case::amending(Paused)).by("bob", role).holding(before).becoming_with(after))
    };
    let without = json!({"labels": {"sample": "S-2026-0007"}});
    for (before, after) in [(&without, &day(9)), (&day(9), &day(9)), (&day(9), &day(8))] {
        assert_eq!(amended(before, after, "analyst"), [""; 0], "{before} to {after}");
    }
    for (before, after) in [(&day(9), &day(10)), (&day(9), &without)] {
        assert_eq!(amended(before, after, "analyst"), ["supervisor-postpones"], "{before} to {after}");
        assert_eq!(amended(before, after, "supervisor"), [""; 0], "{before} to {after}");
    }
}

#[test]
fn the_assignee_completes() {
    let completed = |data: Value| unmet(of_stability(Case::of(Some(Active), Completed)).holding(&data));
    assert_eq!(completed(json!({"assignee": "bob"})), [""; 0]);
    assert_eq!(completed(json!({"assignee": "carol"})), ["assignee-completes"]);
    assert_eq!(completed(json!({})), ["assignee-completes"]);
}
