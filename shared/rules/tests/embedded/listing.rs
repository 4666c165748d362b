//! The rulesets as they are listed for those who must meet them.

use alims_operations::ports::{ListedRule, RulesEngine, Rulesets};
use alims_rules::{RulesNotStarted, rulesets_chosen_by};
use std::path::Path;

use super::*;

/// The rules of the repository, listed by the engine of this name.
fn shipped(engine: Option<&str>) -> Result<Rulesets, RulesNotStarted> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    rulesets_chosen_by(|name| (name == "ALIMS_RULES_ENGINE").then_some(engine?.to_owned()), &rules)
}

fn names<'l>(list: impl IntoIterator<Item = &'l alims_domain::identifiers::WorkflowType>) -> Vec<&'l str> {
    list.into_iter().map(|kind| kind.as_str()).collect()
}

#[test]
fn the_embedded_engine_lists_every_rule_and_what_it_is_for() {
    for engine in [None, Some("embedded")] {
        let listed = shipped(engine).unwrap();
        assert_eq!(listed.engine, RulesEngine::Embedded);
        let types = ["free-form", "result-approval", "sample-analysis", "test-run"];
        assert_eq!(names(listed.workflow_types.as_ref().unwrap()), types);
        assert_eq!(names(&listed.types_without_rules), ["free-form"]);
        let [laboratory] = &listed.rulesets[..] else { panic!("{listed:?}") };
        assert_eq!((laboratory.ruleset.as_str(), laboratory.ruleset_version.as_str()), ("laboratory", "4"));
        assert_eq!(names(&laboratory.workflow_types), ["result-approval", "sample-analysis", "test-run"]);
        let ids: Vec<&str> = laboratory.rules.iter().map(|rule| rule.rule_id.as_str()).collect();
        assert_eq!(ids[..4], ["sample-identified", "results-present", "results-signed", "reviewed"]);
        let four_eyes = ListedRule {
            rule_id: "four-eyes".to_owned(),
            message: "The creator of a workflow may not complete it. Ask a colleague to do it.".to_owned(),
            moves: vec![(Some(Active), Completed)],
            amendments: false,
            signatures: false,
        };
        assert_eq!(laboratory.rules[5], four_eyes);
        assert_eq!(laboratory.rules[0].moves, [(None, Created), (Some(Active), Completed)]);
        assert!(laboratory.rules.iter().all(|rule| !rule.amendments));
        let of_signatures = laboratory.rules.iter().filter(|rule| rule.signatures);
        assert_eq!(of_signatures.map(|rule| rule.rule_id.as_str()).collect::<Vec<_>>(), ["own-work-not-reviewed"]);
    }
}

/// What is listed and what is judged are the same.
#[test]
fn a_rule_is_evaluated_on_exactly_what_it_is_listed_for() {
    let rules = EmbeddedRules::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).unwrap();
    let listed = rules.rulesets();
    let of = |from: Option<State>, to: State| {
        let applies =
            |rule: &&ListedRule| if from == Some(to) { rule.amendments } else { rule.moves.contains(&(from, to)) };
        listed.rulesets[0].rules.iter().filter(applies).map(|rule| rule.rule_id.clone()).collect::<Vec<_>>()
    };
    for from in [None].into_iter().chain(State::ALL.map(Some)) {
        for to in State::ALL {
            let verdict = Case::of(from, to).judged_by(&rules);
            let (Verdict::Allow(applied) | Verdict::Deny { rules: applied, .. }) = verdict;
            assert_eq!(applied.evaluated, of(from, to), "{from:?} to {to}");
        }
    }
}

#[test]
fn rulesets_have_the_order_of_their_ids_and_open_types_are_said_to_be_open() {
    let file = |name: &str, id: &str, kind: &str| {
        let text = ruleset_of("true").replace("ruleset: own", &format!("ruleset: {id}"));
        (name.to_owned(), text.replace("[test-run]", &format!("[{kind}, a-{kind}]")))
    };
    let files = [file("1.yaml", "z", "b"), file("2.yaml", "a", "y"), file("3.yaml", "m", "c")];
    let listed = EmbeddedRules::from_documents(files).unwrap().rulesets();
    let ids: Vec<&str> = listed.rulesets.iter().map(|set| set.ruleset.as_str()).collect();
    assert_eq!(ids, ["a", "m", "z"]);
    assert_eq!(names(&listed.rulesets[0].workflow_types), ["a-y", "y"]);
    assert!(listed.workflow_types.is_none() && listed.types_without_rules.is_empty());
}

#[test]
fn an_engine_elsewhere_keeps_its_rules_and_only_what_is_known_here_is_listed() {
    assert_eq!(shipped(Some("remote")).unwrap(), Rulesets::elsewhere(RulesEngine::Remote));
    let alims = shipped(Some("alims")).unwrap();
    assert_eq!((alims.engine, alims.rulesets.len()), (RulesEngine::Alims, 0));
    let types = ["free-form", "result-approval", "sample-analysis", "test-run"];
    assert_eq!(names(alims.workflow_types.as_ref().unwrap()), types);
    assert_eq!(names(&alims.types_without_rules), ["free-form"]);
    for (engine, cause) in [("Embedded", "ALIMS_RULES_ENGINE"), ("", "ALIMS_RULES_ENGINE")] {
        let refused = shipped(Some(engine)).unwrap_err().to_string();
        assert!(refused.contains(cause), "{refused}");
    }
    for engine in ["embedded", "alims"] {
        let empty = tempfile::tempdir().unwrap();
        assert!(rulesets_chosen_by(|_| Some(engine.to_owned()), empty.path()).is_err(), "{engine}");
    }
}

#[test]
fn there_are_not_more_types_with_rules_than_an_answer_can_hold() {
    let named = |types: std::ops::Range<usize>| types.map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
    let text = |types| ruleset_of("true").replace("test-run", &named(types));
    assert!(loaded(&text(0..1000)).is_ok());
    let sentence = loaded(&text(0..1001)).unwrap_err().to_string();
    assert!(sentence.starts_with("own.yaml: ") && sentence.contains("1000 workflow types"), "{sentence}");
    let second = ("two.yaml".to_owned(), text(999..1001).replace("ruleset: own", "ruleset: two"));
    let both = EmbeddedRules::from_documents([("one.yaml".to_owned(), text(0..999)), second]);
    assert!(both.unwrap_err().to_string().starts_with("two.yaml: "));
}
