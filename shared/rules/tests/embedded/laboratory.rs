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

/// A completion with everything in place but what `patch` replaces: dora entered the results, and carol reviewed them.
fn completion(patch: &[(&str, Value)]) -> Case {
    let mut metadata = object(json!({"sample_id": "S-1", "results": {"glucose": 5.4}}));
    for (name, value) in patch {
        metadata.insert((*name).to_owned(), value.clone());
    }
    signed_by(&[("dora", "authorship", true), ("carol", "review", true)]).becoming(Value::Object(metadata))
}

/// A completion with results and these signatures.
fn signed_by(signatures: &[(&str, &str, bool)]) -> Case {
    let case = Case::of(Some(Active), Completed).becoming(json!({"sample_id": "S-1", "results": {"glucose": 5.4}}));
    case.signed_by(signatures)
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
        let nothing_done = nothing_done.becoming(json!({"sample_id": "S-1"}));
        assert_eq!(unmet(nothing_done), ["results-present", "results-signed", "reviewed", "four-eyes"]);
    }
}

#[test]
fn a_sample_analysis_is_not_completed_without_its_sample() {
    for lost in [json!(null), json!(""), json!("S 1"), json!(7)] {
        assert_eq!(unmet(completion(&[("sample_id", lost.clone())]).of_type("sample-analysis")), ["sample-identified"]);
        assert_eq!(unmet(completion(&[("sample_id", lost)]).of_type("test-run")), [""; 0]);
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
fn results_are_signed_by_their_author_and_by_a_reviewer_who_is_neither_creator_nor_author() {
    let author = ("dora", "authorship", true);
    for reviewer in [("carol", "review", true), ("carol", "approval", true), ("bob", "review", true)] {
        assert_eq!(unmet(signed_by(&[author, reviewer])), [""; 0], "{reviewer:?}");
    }
    // The creator may be the author.
    assert_eq!(unmet(signed_by(&[("alice", "authorship", true), ("carol", "review", true)])), [""; 0]);
    for reviewer in [
        ("alice", "review", true),
        ("dora", "review", true),
        ("dora", "approval", true),
        ("carol", "review", false),
        ("carol", "responsibility", true),
        ("carol", "authorship", true),
    ] {
        assert_eq!(unmet(signed_by(&[author, reviewer])), ["reviewed"], "{reviewer:?}");
    }
    for authors in [vec![], vec![("dora", "authorship", false)], vec![("dora", "responsibility", true)]] {
        assert_eq!(unmet(signed_by(&[authors, vec![("carol", "review", true)]].concat())), ["results-signed"]);
    }
    assert_eq!(unmet(signed_by(&[])), ["results-signed", "reviewed"]);
    // Who signed other data as author may review these.
    let changed = [("carol", "authorship", false), author, ("carol", "review", true)];
    assert_eq!(unmet(signed_by(&changed)), [""; 0]);
}

#[test]
fn a_list_that_is_full_of_signatures_is_judged_like_a_short_one() {
    let mut full = vec![("dora", "authorship", true); 10];
    full.extend([("dora", "review", true); 10]);
    assert_eq!(unmet(signed_by(&full)), ["reviewed"]);
    full.truncate(19);
    assert_eq!(unmet(signed_by(&[full, vec![("carol", "review", true)]].concat())), [""; 0]);
}

#[test]
fn a_name_in_the_metadata_is_no_signature() {
    let review = json!({"results": [1], "review": {"reviewed_by": "carol", "conclusion": "approved"}});
    let typed = Case::of(Some(Active), Completed).becoming(review);
    assert_eq!(unmet(typed), ["results-signed", "reviewed"]);
}

#[test]
fn no_person_signs_the_same_data_as_author_and_as_reviewer() {
    let refused = ["own-work-not-reviewed"];
    let signing = |by: &str, meaning: &str, signatures: &[(&str, &str, bool)]| {
        let all = [signatures, &[(by, meaning, true)]].concat();
        unmet(Case::of(Some(Active), Active).signed_by(&all).signing(meaning).by(by, "supervisor"))
    };
    for meaning in ["review", "approval"] {
        assert_eq!(signing("carol", meaning, &[]), [""; 0]);
        assert_eq!(signing("alice", meaning, &[]), refused, "the creator");
        assert_eq!(signing("carol", meaning, &[("carol", "authorship", true)]), refused);
        assert_eq!(signing("carol", meaning, &[("carol", "authorship", false)]), [""; 0], "of other data");
        assert_eq!(signing("carol", "authorship", &[("carol", meaning, true)]), refused);
        assert_eq!(signing("carol", "authorship", &[("carol", meaning, false)]), [""; 0]);
    }
    assert_eq!(signing("alice", "authorship", &[("carol", "review", true)]), [""; 0]);
    assert_eq!(signing("alice", "responsibility", &[("alice", "authorship", true)]), [""; 0]);
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
        assert_eq!(unmet(with_results(from).signed_by(&[("carol", "approval", true)])), [""; 0]);
        for other in [("bob", "approval", true), ("carol", "approval", false), ("carol", "review", true)] {
            assert_eq!(unmet(with_results(from).signed_by(&[other])), refused, "{other:?}");
        }
        // A name in the request is no signature.
        assert_eq!(unmet(with_results(from).telling(json!({"approval": {"approved_by": "carol"}}))), refused);
    }
}

#[test]
fn results_may_change_and_the_signatures_of_the_old_ones_do_not_count() {
    let signed = [("dora", "authorship", true), ("carol", "review", true)];
    let changed = Case::amending(Active).having(json!({"results": [1]})).becoming(json!({"results": [2]}));
    assert_eq!(unmet(changed.signed_by(&signed)), [""; 0]);
    let no_more = signed.map(|(by, meaning, _)| (by, meaning, false));
    assert_eq!(unmet(signed_by(&no_more)), ["results-signed", "reviewed"]);
}

#[test]
fn other_moves_ask_for_nothing() {
    for (from, to) in [(Created, Active), (Active, Paused), (Paused, Active), (Failed, Active)] {
        let verdict = Case::of(Some(from), to).judged_by(&laboratory());
        let Verdict::Allow(rules) = verdict else { panic!("{from} to {to}: {verdict:?}") };
        assert_eq!((rules.ruleset.as_str(), rules.evaluated), ("laboratory", Vec::new()));
    }
}
