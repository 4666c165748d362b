//! What is taken as policies and what is not.

use alims_policy::PolicyInvalid;

use super::*;

/// Loads the shipped policies with one more file beside them, and one more role in the schema.
fn with_own(text: &str) -> Result<CedarPolicy, PolicyInvalid> {
    let own = ("own.cedar".to_owned(), text.to_owned());
    let files = ["roles.cedar", "tenants.cedar"].map(|file| (file.to_owned(), shipped_text(file)));
    let schema = shipped_text("schema.cedarschema").replace("\"auditor\"]", "\"auditor\", \"qa\"]");
    CedarPolicy::from_text(&schema, files.into_iter().chain([own]))
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
        when { resource has workflow_type && resource.workflow_type == ALIMS::WorkflowType::"test-run" };

        @id("own.no-cancelling-while-active")
        forbid (principal, action == ALIMS::Action::"cancelWorkflow", resource)
        when { resource has current_state && resource.current_state == ALIMS::State::"ACTIVE" };

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
        "permit (principal, action, resource) when { resource.workflow_type == ALIMS::WorkflowType::\"test-run\" };",
        "permit (principal, action == ALIMS::Action::\"deleteWorkflow\", resource);",
        "permit (principal in ALIMS::Rolle::\"analyst\", action, resource);",
        "permit (principal, action, resource) when { principal.tenant_id == 7 };",
        "permit (principal, action, resource) when { false };",
    ] {
        let (policy, sentence) = refused(&format!("@id(\"own.wrong\") {body}"));
        assert_eq!(policy.as_deref(), Some("own.wrong"), "{sentence}");
    }
}

/// Each would load as a text, and the policy would never apply: a `forbid` would forbid nothing.
#[test]
fn a_misspelt_state_role_or_workflow_type_is_refused_with_the_policy() {
    let state = |state: &str| format!("when {{ resource has current_state && resource.current_state == {state} }};");
    let kind = |kind: &str| format!("when {{ resource has workflow_type && resource.workflow_type == {kind} }};");
    for (head, condition) in [
        ("forbid (principal, action, resource)", state("ALIMS::State::\"Active\"")),
        ("forbid (principal, action, resource)", state("ALIMS::State::\"\"")),
        ("forbid (principal, action, resource)", state("\"ACTIVE\"")),
        ("forbid (principal, action, resource)", kind("ALIMS::WorkflowType::\"test-rum\"")),
        ("forbid (principal, action, resource)", kind("\"test-run\"")),
        ("forbid (principal in ALIMS::Role::\"Analyst\", action, resource)", ";".to_owned()),
        ("forbid (principal in ALIMS::Role::\"analist\", action, resource)", ";".to_owned()),
        (
            "forbid (principal, action, resource)",
            "when { principal in [ALIMS::Role::\"viewer\", ALIMS::Role::\"view\"] };".to_owned(),
        ),
        (
            "forbid (principal, action, resource)",
            "when { principal.roles.contains(ALIMS::Role::\"view\") };".to_owned(),
        ),
        ("forbid (principal, action, resource)", "when { principal.roles.contains(\"viewer\") };".to_owned()),
    ] {
        let (policy, sentence) = refused(&format!("@id(\"own.wrong\") {head} {condition}"));
        assert_eq!(policy.as_deref(), Some("own.wrong"), "{sentence}");
    }
    let policy = with_own(&format!(
        "@id(\"own.hold\") forbid (principal, action, resource) {} @id(\"own.view\") \
         forbid (principal, action, resource) when {{ principal.roles.contains(ALIMS::Role::\"viewer\") }};",
        state("ALIMS::State::\"ACTIVE\"")
    ))
    .unwrap();
    assert_eq!(asked_at_home(&policy, &["auditor"], Action::GetWorkflowState), forbidden_by(&["own.hold"]));
    let viewer = asked_at_home(&policy, &["viewer"], Action::GetWorkflowState);
    assert_eq!(viewer, forbidden_by(&["own.hold", "own.view"]));
}

/// A token may have roles, and a log workflows, that the schema does not list.
#[test]
fn an_unlisted_role_or_type_in_a_question_permits_and_breaks_nothing() {
    let schema = shipped_text("schema.cedarschema").replace(", \"test-run\"]", "]");
    let files = ["roles.cedar", "tenants.cedar"].map(|file| (file.to_owned(), shipped_text(file)));
    let policy = CedarPolicy::from_text(&schema, files).unwrap();
    let stranger = asked_at_home(&policy, &["unheard-of"], Action::GetWorkflowState);
    assert_eq!(stranger, AccessDecision::Forbidden { policies: Vec::new() });
    let viewer = asked_at_home(&policy, &["unheard-of", "viewer"], Action::GetWorkflowState);
    assert_eq!(viewer, permitted_by("roles.read"));
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
    assert!(schema_refused("workflow_type?: WorkflowType", "workflow_type: WorkflowType").contains("workflow_type"));
    assert!(schema_refused("current_state?: State", "current_state?: String").contains("current_state"));
    assert!(schema_refused("\"CREATED\", \"ACTIVE\"", "\"CREATED\", \"Active\", \"ACTIVE\"").contains("entity State"));
    assert!(schema_refused("\"CREATED\", ", "").contains("entity State"));
    let roles = "entity Role enum [\"viewer\", \"analyst\", \"supervisor\", \"auditor\"];";
    assert!(schema_refused(roles, "entity Role;").contains("entity Role"));
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
