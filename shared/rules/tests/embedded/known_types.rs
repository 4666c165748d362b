//! Which workflow types exist: only creations are checked, and the answer names the types.

use alims_domain::event::AppliedRules;
use std::path::Path;

use super::*;

const CLOSED: &str = "version: \"3\"\nworkflow_types: closed\nwithout_rules: [free]\n";

fn loaded_with(types: &str) -> Result<EmbeddedRules, RulesInvalid> {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    EmbeddedRules::from_documents([file("own.yaml", &ruleset_of("true")), file("workflow-types.yaml", types)])
}

fn creation(workflow_type: &str) -> Case {
    Case::of(None, Created).of_type(workflow_type)
}

#[test]
fn a_creation_of_an_unknown_type_is_refused_with_the_types_that_exist() {
    let rules = loaded_with(CLOSED).unwrap();
    let Verdict::Deny { rules: applied, reasons } = creation("test-rum").judged_by(&rules) else { panic!("allowed") };
    assert_eq!((applied.ruleset.as_str(), applied.ruleset_version.as_str()), ("workflow-types", "3"));
    assert_eq!(applied.evaluated, ["known-workflow-type"]);
    let told: Vec<(&str, &str)> =
        reasons.iter().map(|reason| (reason.rule_id.as_str(), reason.message.as_str())).collect();
    let message = "The workflow type test-rum does not exist. Use one of: free, test-run.";
    assert_eq!(told, [("known-workflow-type", message)]);
    for known in ["free", "test-run"] {
        assert_eq!(creation(known).unmet_by(&rules), [""; 0], "{known}");
    }
}

#[test]
fn a_workflow_of_a_type_that_was_removed_goes_on_and_recovers() {
    let rules = loaded_with(CLOSED).unwrap();
    for (from, to) in [(Created, Active), (Active, Completed), (Failed, Active)] {
        let verdict = Case::of(Some(from), to).of_type("removed").judged_by(&rules);
        assert_eq!(verdict, Verdict::Allow(AppliedRules::lifecycle_only()), "{from} to {to}");
    }
}

#[test]
fn without_the_file_and_with_open_types_any_type_may_be_created() {
    let open = loaded_with("version: \"1\"\nworkflow_types: open\n").unwrap();
    for rules in [loaded(&ruleset_of("true")).unwrap(), open] {
        assert_eq!(rules.known_types(), None);
        assert_eq!(creation("unheard-of").judged_by(&rules), Verdict::Allow(AppliedRules::lifecycle_only()));
    }
}

#[test]
fn an_explanation_says_the_same_of_an_unknown_type() {
    let rules = loaded_with(CLOSED).unwrap();
    let explained = rules.explain(&creation("test-rum").question()).unwrap();
    assert_eq!((explained.allowed, explained.ruleset.as_str()), (false, "workflow-types"));
    let text = explained.to_string();
    assert!(text.contains("NOT MET    known-workflow-type") && text.contains("Use one of: free, test-run."), "{text}");
    assert!(rules.explain(&creation("free").question()).unwrap().allowed);
}

#[test]
fn a_wrong_file_is_refused_by_its_name_and_its_ruleset_is_reserved() {
    for (types, cause) in [("workflow_types: closed", "version"), (&CLOSED.replace("free", "test-run"), "has rules")] {
        let sentence = loaded_with(types).unwrap_err().to_string();
        assert!(sentence.starts_with("workflow-types.yaml: ") && sentence.contains(cause), "{sentence}");
    }
    let taken = loaded(&ruleset_of("true").replace("ruleset: own", "ruleset: workflow-types")).unwrap_err();
    assert!(taken.to_string().contains("workflow-types.yaml"), "{taken}");
    let alone = EmbeddedRules::from_documents([("workflow-types.yaml".to_owned(), CLOSED.to_owned())]);
    assert!(matches!(alone, Err(RulesInvalid::NoRulesets)));
}

#[test]
fn a_check_of_a_folder_reads_the_file_with_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    put("own.yaml", &ruleset_of("true"));
    put("workflow-types.yaml", CLOSED);
    assert_eq!(EmbeddedRules::check(dir.path()).unwrap().len(), 1);
    put("workflow-types.yaml", "workflow_types: [test-run]");
    let mistakes = EmbeddedRules::check(dir.path()).unwrap_err();
    assert!(matches!(&mistakes[..], [one] if one.to_string().starts_with("workflow-types.yaml: ")), "{mistakes:?}");
}

#[test]
fn the_shipped_types_are_closed() {
    let rules = EmbeddedRules::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).unwrap();
    let known: Vec<&str> = rules.known_types().unwrap().iter().map(|kind| kind.as_str()).collect();
    assert_eq!(known, ["free-form", "result-approval", "sample-analysis", "test-run"]);
    assert_eq!(creation("sample-analysys").unmet_by(&rules), ["known-workflow-type"]);
}
