//! The table in the documents is what the policies decide, for every role, action and state.

use alims_policy::{SHIPPED_ROLES, overview};
use std::collections::BTreeMap;

use super::*;

/// The table's cells by role, action and state.
fn cells(text: &str) -> BTreeMap<(String, String, usize), String> {
    let mut cells = BTreeMap::new();
    let mut role = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            role = title;
        } else if let Some(row) = line.strip_prefix("| ").filter(|row| !row.starts_with("action ")) {
            let mut columns = row.trim_end_matches(" |").split(" | ");
            let action = columns.next().unwrap();
            for (state, cell) in columns.enumerate() {
                cells.insert((role.to_owned(), action.to_owned(), state), cell.to_owned());
            }
        }
    }
    cells
}

#[test]
fn the_documents_table_is_what_the_policies_decide() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    let document = std::fs::read_to_string(shipped().join("../docs/access.md")).unwrap();
    let decided = overview(&policy, &SHIPPED_ROLES).unwrap();
    assert!(
        document.ends_with(&decided),
        "docs/access.md is stale: run `cargo xtask access` and commit what it writes"
    );
}

#[test]
fn the_table_has_every_role_action_and_state_and_tells_what_is_decided() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    let cells = cells(&overview(&policy, &SHIPPED_ROLES).unwrap());
    assert_eq!(cells.len(), (SHIPPED_ROLES.len() + 1) * Action::ALL.len() * State::ALL.len());
    let cell = |role: &str, action: &str, state: usize| cells[&(role.to_owned(), action.to_owned(), state)].as_str();
    // CREATED is 0, ACTIVE 1, PAUSED 2, COMPLETED 3, FAILED 4, CANCELLED 5.
    assert_eq!(cell("`analyst`", "activateWorkflow", 0), "allowed");
    assert_eq!(cell("`analyst`", "activateWorkflow", 3), "no such transition");
    assert_eq!(cell("`analyst`", "completeWorkflow", 1), "refused");
    assert_eq!(cell("`supervisor`", "completeWorkflow", 1), "allowed");
    assert_eq!(cell("`supervisor`", "getWorkflowRefusals", 1), "refused");
    assert_eq!(cell("`auditor`", "getWorkflowRefusals", 5), "allowed");
    assert!(cells.iter().all(|((role, ..), cell)| role != "Without a role" || cell == "refused"));
}

#[test]
fn a_laboratorys_own_policy_shows_in_its_table() {
    let own = r#"@id("own.hold") forbid (principal, action == ALIMS::Action::"cancelWorkflow", resource)
        when { resource has current_state && resource.current_state == ALIMS::State::"PAUSED" };"#;
    let files = [
        ("roles.cedar".to_owned(), shipped_text("roles.cedar")),
        ("tenants.cedar".to_owned(), shipped_text("tenants.cedar")),
        ("own.cedar".to_owned(), own.to_owned()),
    ];
    let policy = CedarPolicy::from_text(&shipped_text("schema.cedarschema"), files).unwrap();
    let cells = cells(&overview(&policy, &["supervisor"]).unwrap());
    let cancel = |state| cells[&("`supervisor`".to_owned(), "cancelWorkflow".to_owned(), state)].clone();
    assert_eq!([1, 2, 4].map(cancel), ["allowed", "refused", "allowed"]);
}

/// That is why the table needs no row for a combination: sixteen of them on each action in each state.
#[test]
fn several_roles_may_do_exactly_what_any_of_them_may() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    let permitted =
        |roles: &[&str], action| matches!(asked_at_home(&policy, roles, action), AccessDecision::Permitted { .. });
    for combination in 0..1_usize << SHIPPED_ROLES.len() {
        let roles: Vec<&str> = SHIPPED_ROLES
            .iter()
            .enumerate()
            .filter(|(at, _)| combination >> at & 1 == 1)
            .map(|(_, role)| *role)
            .collect();
        for action in Action::ALL {
            let any = roles.iter().any(|role| permitted(&[role], action));
            assert_eq!(permitted(&roles, action), any, "{roles:?} {action:?}");
        }
    }
}
