//! Odd names of members: the embedded rules are asked about them as they are.

use alims_rules::{Asker, Case as FromFiles, CaseInvalid};
use alims_testing::odd_documents;

use super::*;

#[test]
fn rules_look_at_odd_names_as_they_are() {
    let rules =
        loaded(&ruleset_of("size(workflow.metadata) >= 0 && size(transition.metadata) >= 0 && size(context) >= 0"))
            .unwrap();
    for document in odd_documents::some_free(1000, 9) {
        let shown = Value::Object(document.object);
        let case =
            Case::of(Some(Active), Completed).having(shown.clone()).becoming(shown.clone()).telling(shown.clone());
        assert_eq!(case.unmet_by(&rules), Vec::<String>::new(), "{}", document.text);
        let explained = rules.explain(&case.question()).unwrap();
        let looked_at: Vec<&str> = explained.rules[0].inputs.iter().map(|input| input.path.as_str()).collect();
        assert_eq!(looked_at, ["workflow.metadata", "transition.metadata", "context"]);
        for input in &explained.rules[0].inputs {
            assert_eq!(input.value.as_ref(), Some(&shown), "{}: {}", input.path, document.text);
        }
    }
}

#[test]
fn a_rule_finds_an_odd_name_by_its_name() {
    let named = |name: &str| json!({"in": {name: {"a": "found"}}});
    for name in ["", "$", "$__cel_private_Timestamp", "@__sortBy_input__", "__proto__", "a.b", "a/b~", "\0", "日本語"]
    {
        let expression = format!("transition.metadata[\"in\"][{}].a == \"found\"", json!(name));
        assert!(met(&expression, &Case::of(Some(Active), Completed).becoming(named(name))), "{expression}");
    }
}

#[test]
fn a_case_out_of_files_with_a_reserved_name_is_none() {
    let now = "2026-11-23T09:00:00.000Z".parse().unwrap();
    let asker = Asker { id: "alice".to_owned(), roles: Vec::new(), now };
    for metadata in [r#"{"$serde_json::private::RawValue":"1"}"#, r#"{"a":{"$serde_json::private::RawValue":"1"}}"#] {
        let creation = format!(r#"{{"workflow_type":"test-run","metadata":{metadata}}}"#);
        let case = FromFiles::of_creation(&creation, &asker);
        assert!(matches!(case, Err(CaseInvalid::Json(_))), "{case:?}");
    }
}
