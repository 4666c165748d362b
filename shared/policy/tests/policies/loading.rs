//! What is taken as policies and what is not.

use alims_policy::PolicyInvalid;

use super::*;

/// Loads the shipped policies with one more file beside them.
fn with_own(text: &str) -> Result<CedarPolicy, PolicyInvalid> {
    let own = ("own.cedar".to_owned(), text.to_owned());
    let files = ["roles.cedar", "tenants.cedar"].map(|file| (file.to_owned(), shipped_text(file)));
    CedarPolicy::from_text(&shipped_text("schema.cedarschema"), files.into_iter().chain([own]))
}

/// Why the shipped policies with one more file are refused: the policy and the whole sentence.
fn refused(text: &str) -> (Option<String>, String) {
    let error = with_own(text).unwrap_err();
    let sentence = error.to_string();
    match error {
        PolicyInvalid::Invalid { file, policy, .. } => {
            assert_eq!(file, "own.cedar");
            (policy, sentence)
        }
        PolicyInvalid::Unreadable { .. } | PolicyInvalid::NoPolicies => panic!("{sentence}"),
    }
}

/// Why a changed schema is refused.
fn schema_refused(from: &str, to: &str) -> String {
    let schema = shipped_text("schema.cedarschema");
    assert!(schema.contains(from));
    let roles = ("roles.cedar".to_owned(), shipped_text("roles.cedar"));
    let error = CedarPolicy::from_text(&schema.replace(from, to), [roles]).unwrap_err().to_string();
    assert!(error.starts_with("schema.cedarschema: "), "{error}");
    error
}

#[test]
fn a_laboratory_adds_a_permission_and_a_prohibition_of_its_own() {
    let policy = with_own(
        r#"
        @id("own.qa-completes-test-runs")
        permit (principal in ALIMS::Role::"qa", action == ALIMS::Action::"completeWorkflow", resource)
        when { resource has workflow_type && resource.workflow_type == "test-run" };

        @id("own.no-cancelling-while-active")
        forbid (principal, action == ALIMS::Action::"cancelWorkflow", resource)
        when { resource has current_state && resource.current_state == "ACTIVE" };

        @id("own.creator-does-not-complete")
        forbid (principal, action == ALIMS::Action::"completeWorkflow", resource)
        when { resource has created_by && resource.created_by == principal.id };
        "#,
    )
    .unwrap();
    let qa = asked_at_home(&policy, &["qa"], Action::CompleteWorkflow);
    assert_eq!(qa, permitted_by("own.qa-completes-test-runs"));
    let cancel = asked_at_home(&policy, &["supervisor"], Action::CancelWorkflow);
    assert_eq!(cancel, forbidden_by(&["own.no-cancelling-while-active"]));
    assert_eq!(asked_at_home(&policy, &["supervisor"], Action::PauseWorkflow), permitted_by("roles.work"));
}

#[test]
fn a_policy_that_fails_to_evaluate_permits_nothing() {
    // Passes validation, because the sum of two numbers is a number; overflows whenever it is asked.
    let policy =
        with_own(r#"@id("own.overflow") forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };"#)
            .unwrap();
    let decision = asked_at_home(&policy, &["supervisor"], Action::GetWorkflowState);
    assert_eq!(decision, forbidden_by(&["own.overflow"]));
}

#[test]
fn a_file_that_is_not_cedar_is_refused_with_its_line() {
    let (policy, sentence) = refused("@id(\"own.a\")\npermit (principal, action);\n");
    assert_eq!(policy, None);
    assert!(sentence.starts_with("own.cedar: line 2: "), "{sentence}");
}

#[test]
fn an_unknown_attribute_action_or_role_type_is_refused_with_the_policy() {
    for body in [
        "permit (principal, action, resource) when { resource.colour == \"red\" };",
        "permit (principal, action, resource) when { resource.workflow_type == \"unguarded\" };",
        "permit (principal, action == ALIMS::Action::\"deleteWorkflow\", resource);",
        "permit (principal in ALIMS::Rolle::\"analyst\", action, resource);",
        "permit (principal, action, resource) when { principal.tenant_id == 7 };",
        "permit (principal, action, resource) when { false };",
    ] {
        let (policy, sentence) = refused(&format!("@id(\"own.wrong\") {body}"));
        assert_eq!(policy.as_deref(), Some("own.wrong"), "{sentence}");
    }
}

#[test]
fn a_policy_needs_an_id_that_no_other_has() {
    let everything = "permit (principal, action, resource);";
    let (policy, sentence) = refused(everything);
    assert_eq!(policy, None);
    assert!(sentence.contains("no @id"), "{sentence}");
    let (_, sentence) = refused(&format!("@id(\" \") {everything}"));
    assert!(sentence.contains("no @id"), "{sentence}");
    let (policy, sentence) = refused(&format!("@id(\"roles.read\") {everything}"));
    assert_eq!(policy.as_deref(), Some("roles.read"));
    assert!(sentence.contains("taken in roles.cedar"), "{sentence}");
    let (_, sentence) = refused(&format!("@id(\"own.a\") {everything} @id(\"own.a\") {everything}"));
    assert!(sentence.contains("taken in own.cedar"), "{sentence}");
}

#[test]
fn a_template_is_refused() {
    let (_, sentence) = refused("@id(\"own.t\") permit (principal == ?principal, action, resource);");
    assert!(sentence.contains("template"), "{sentence}");
}

#[test]
fn a_schema_that_does_not_fit_the_service_is_refused() {
    assert!(schema_refused("replayEvents", "replayEvents, deleteWorkflow").contains("deleteWorkflow"));
    assert!(schema_refused("recoverWorkflow, replayEvents,", "recoverWorkflow,").contains("replayEvents"));
    assert!(schema_refused("id: String,", "id: String, department: String,").contains("department"));
    assert!(schema_refused("workflow_type?: String", "workflow_type: String").contains("workflow_type"));
    schema_refused("namespace ALIMS {", "namespace {");
}

#[test]
fn a_folder_without_policies_or_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = CedarPolicy::load(&dir.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing, PolicyInvalid::Unreadable { .. }), "{missing}");
    let no_schema = CedarPolicy::load(dir.path()).unwrap_err();
    assert!(no_schema.to_string().ends_with("schema.cedarschema"), "{no_schema}");
    std::fs::write(dir.path().join("schema.cedarschema"), shipped_text("schema.cedarschema")).unwrap();
    std::fs::write(dir.path().join("empty.cedar"), "// Nothing yet.\n").unwrap();
    std::fs::write(dir.path().join("roles.txt"), shipped_text("roles.cedar")).unwrap();
    assert!(matches!(CedarPolicy::load(dir.path()), Err(PolicyInvalid::NoPolicies)));
    std::fs::write(dir.path().join("roles.cedar"), shipped_text("roles.cedar")).unwrap();
    let policy = CedarPolicy::load(dir.path()).unwrap();
    assert_eq!(asked_at_home(&policy, &["viewer"], Action::ListWorkflows), permitted_by("roles.read"));
}
