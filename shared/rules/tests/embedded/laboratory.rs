//! The ruleset that is shipped: each rule met and not met.

use std::path::Path;

use super::*;

/// Texts that show nothing: zero-width, fillers of Hangul, a blank Braille cell, a mark without a letter, selectors.
const INVISIBLE: [&str; 6] = ["\u{200b}", "\u{3164}", "\u{115f}\u{ffa0}", "\u{2800}", "\u{301}", "\u{feff}\u{fe0f}"];
const TYPES: [&str; 3] = ["sample-analysis", "test-run", "result-approval"];

fn laboratory() -> EmbeddedRules {
    EmbeddedRules::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).unwrap()
}

/// Which rules are not met.
fn unmet(case: Case) -> Vec<String> {
    case.unmet_by(&laboratory())
}

/// A completion with everything in place but what `patch` replaces.
fn completion(patch: &[(&str, Value)]) -> Case {
    let mut metadata = object(json!({
        "results": {"glucose": 5.4},
        "review": {"reviewed_by": "carol", "conclusion": "approved"},
    }));
    for (name, value) in patch {
        metadata.insert((*name).to_owned(), value.clone());
    }
    Case::of(Some(Active), Completed).becoming(Value::Object(metadata))
}

#[test]
fn a_sample_analysis_is_created_with_its_sample() {
    let creation = |metadata| Case::of(None, Created).of_type("sample-analysis").becoming(metadata);
    assert_eq!(unmet(creation(json!({"sample_id": "S-2026/11:7"}))), [""; 0]);
    for metadata in [json!({}), json!({"sample_id": ""}), json!({"sample_id": " "}), json!({"sample_id": 7})] {
        assert_eq!(unmet(creation(metadata)), ["sample-identified"]);
    }
    for id in INVISIBLE.into_iter().chain(["S-1\u{200b}", "S 1", "-"]) {
        assert_eq!(unmet(creation(json!({"sample_id": id}))), ["sample-identified"], "{id:?}");
    }
    for id in ["Probe-Ä", "e\u{301}-1", "試料7", "#S-2026/11:7(a)"] {
        assert_eq!(unmet(creation(json!({"sample_id": id}))), [""; 0], "{id:?}");
    }
    for other in ["test-run", "result-approval"] {
        assert_eq!(unmet(Case::of(None, Created).of_type(other)), [""; 0]);
    }
}

#[test]
fn a_completion_needs_results_a_review_and_a_second_person() {
    for workflow_type in TYPES {
        assert_eq!(unmet(completion(&[]).of_type(workflow_type)), [""; 0]);
        let nothing_done = Case::of(Some(Active), Completed).of_type(workflow_type).by("alice", "supervisor");
        assert_eq!(unmet(nothing_done), ["results-present", "reviewed", "four-eyes"]);
    }
}

#[test]
fn results_are_a_list_or_an_object_with_something_in_it() {
    assert_eq!(unmet(completion(&[("results", json!([1]))])), [""; 0]);
    for results in [json!({}), json!([]), json!(""), json!("see paper"), json!(null), json!(5), json!(true)] {
        assert_eq!(unmet(completion(&[("results", results)])), ["results-present"]);
    }
}

#[test]
fn a_review_approves_and_is_not_by_the_creator() {
    for review in [
        json!({"reviewed_by": "carol", "conclusion": "rejected"}),
        json!({"reviewed_by": "carol"}),
        json!({"conclusion": "approved"}),
        json!({"reviewed_by": "", "conclusion": "approved"}),
        json!({"reviewed_by": " ", "conclusion": "approved"}),
        json!({"reviewed_by": ["carol"], "conclusion": "approved"}),
        json!({"reviewed_by": "alice", "conclusion": "approved"}),
        json!("approved"),
        json!(null),
    ] {
        assert_eq!(unmet(completion(&[("review", review)])), ["reviewed"]);
    }
    for name in INVISIBLE {
        let review = json!({"reviewed_by": name, "conclusion": "approved"});
        assert_eq!(unmet(completion(&[("review", review)])), ["reviewed"], "{name:?}");
    }
}

#[test]
fn the_creator_does_not_complete_whatever_the_role() {
    assert_eq!(unmet(completion(&[]).by("alice", "supervisor")), ["four-eyes"]);
}

#[test]
fn a_failure_has_a_known_code() {
    for code in ["instrument-error", "reagent-expired", "sample-insufficient", "contamination", "power-loss", "other"] {
        assert_eq!(unmet(Case::of(Some(Active), Failed).failing_with(code)), [""; 0]);
    }
    for code in ["Other", "unknown", "instrument"] {
        assert_eq!(unmet(Case::of(Some(Active), Failed).failing_with(code)), ["failure-code"]);
    }
    assert_eq!(unmet(Case::of(Some(Active), Failed)), ["failure-code"]);
}

#[test]
fn results_are_not_discarded_by_one_person_alone() {
    let with_results = |from| Case::of(Some(from), Cancelled).having(json!({"results": [1]}));
    let refused = ["results-not-discarded-alone"];
    for from in [Active, Paused, Failed] {
        assert_eq!(unmet(Case::of(Some(from), Cancelled)), [""; 0]);
        assert_eq!(unmet(with_results(from)), refused);
        assert_eq!(unmet(with_results(from).becoming(json!({}))), refused);
        assert_eq!(unmet(with_results(from).by("dora", "supervisor")), [""; 0]);
        assert_eq!(unmet(with_results(from).telling(json!({"approval": {"approved_by": "carol"}}))), [""; 0]);
        for approval in [json!({"approved_by": "bob"}), json!({"approved_by": ""}), json!({}), json!("carol")] {
            assert_eq!(unmet(with_results(from).telling(json!({"approval": approval}))), refused);
        }
    }
}

#[test]
fn approved_results_change_only_after_the_approval_is_withdrawn() {
    let approved = json!({"results": [1], "review": {"reviewed_by": "carol", "conclusion": "approved"}});
    let refused = ["approved-results-kept"];
    let amended = |from: &Value, to: Value| unmet(Case::amending(Active).having(from.clone()).becoming(to));
    assert_eq!(amended(&approved, approved.clone()), [""; 0], "a remark");
    assert_eq!(amended(&approved, json!({"results": [1]})), [""; 0], "the approval is withdrawn");
    let review = approved["review"].clone();
    for results in [json!([2]), json!([]), json!({}), json!(null)] {
        assert_eq!(amended(&approved, json!({"results": results, "review": review})), refused);
        assert_eq!(amended(&approved, json!({"results": results})), refused, "not in the same version");
    }
    assert_eq!(amended(&approved, json!({"review": review})), refused);
    assert_eq!(amended(&json!({"review": review}), approved.clone()), [""; 0], "there were no results");
    // What is no approval keeps nothing.
    for review in [json!({"conclusion": "rejected"}), json!({"reviewed_by": "carol"}), json!("approved"), json!(null)] {
        assert_eq!(amended(&json!({"results": [1], "review": review}), json!({"results": [2]})), [""; 0], "{review}");
    }
    assert_eq!(amended(&json!({"results": [1]}), json!({"results": [2]})), [""; 0]);
    // A move may not change them either.
    for from in State::ALL {
        for to in from.allowed_transitions() {
            let moved = Case::of(Some(from), to).having(approved.clone()).becoming(json!({"results": [2]}));
            assert!(unmet(moved).contains(&refused[0].to_owned()), "{from} to {to}");
        }
    }
}

#[test]
fn other_moves_ask_for_nothing_but_that_approved_results_stay() {
    for (from, to) in [(Created, Active), (Active, Paused), (Paused, Active), (Failed, Active)] {
        let verdict = Case::of(Some(from), to).judged_by(&laboratory());
        let Verdict::Allow(rules) = verdict else { panic!("{from} to {to}: {verdict:?}") };
        assert_eq!((rules.ruleset.as_str(), rules.evaluated), ("laboratory", vec!["approved-results-kept".to_owned()]));
    }
}
