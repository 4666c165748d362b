//! Every shipped role on every action, as one table.

use Action::{
    ActivateWorkflow, AmendWorkflow, CancelWorkflow, CompleteWorkflow, CreateWorkflow, ExportRecords, FailWorkflow,
    GetExport, GetWorkflowRefusals, ListActivity, ListWorkflows, PauseWorkflow, RecoverWorkflow, ReleaseWorkflow,
    ReplayEvents, ReviewAuditTrail, SignWorkflow, VerifyWorkflowHistory,
};

use alims_domain::signature::Meaning;

use super::*;

const READ: &str = "roles.read";
const WORK: &str = "roles.work";
const AUTHOR: &str = "roles.sign-authorship";
const SIGN: &str = "roles.sign-for-others";
const SUPERVISE: &str = "roles.supervise";
const AUDIT: &str = "roles.audit";
const EXPORT: &str = "roles.export";

/// What not every role may do, the policy that permits it, and whom: viewer, analyst, supervisor, auditor.
const TABLE: [(Action, &str, [bool; 4]); 20] = [
    (CreateWorkflow, WORK, [false, true, true, false]),
    (ActivateWorkflow, WORK, [false, true, true, false]),
    (AmendWorkflow, WORK, [false, true, true, false]),
    (SignWorkflow(Meaning::Authorship), AUTHOR, [false, true, true, false]),
    (SignWorkflow(Meaning::Review), SIGN, [false, false, true, false]),
    (SignWorkflow(Meaning::Approval), SIGN, [false, false, true, false]),
    (SignWorkflow(Meaning::Responsibility), SIGN, [false, false, true, false]),
    (PauseWorkflow, WORK, [false, true, true, false]),
    (FailWorkflow, WORK, [false, true, true, false]),
    (CompleteWorkflow, SUPERVISE, [false, false, true, false]),
    (CancelWorkflow, SUPERVISE, [false, false, true, false]),
    (RecoverWorkflow, SUPERVISE, [false, false, true, false]),
    (ReplayEvents, SUPERVISE, [false, false, true, false]),
    (ReleaseWorkflow, SUPERVISE, [false, false, true, false]),
    (GetWorkflowRefusals, AUDIT, [false, false, false, true]),
    (ListActivity, AUDIT, [false, false, false, true]),
    (ReviewAuditTrail, AUDIT, [false, false, false, true]),
    (ExportRecords, EXPORT, [false, false, true, true]),
    (GetExport, EXPORT, [false, false, true, true]),
    (VerifyWorkflowHistory, AUDIT, [false, false, false, true]),
];
const ROLES: [&str; 4] = ["viewer", "analyst", "supervisor", "auditor"];

/// The policy that permits an action, and whom. What is not in the table is reading, and for every role.
fn row_of(action: Action) -> (&'static str, [bool; 4]) {
    let row = TABLE.iter().find(|(named, ..)| *named == action);
    row.map_or((READ, [true; 4]), |(_, id, permitted)| (*id, *permitted))
}

#[test]
fn each_role_may_do_what_the_table_says_and_nothing_else() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    for action in Action::ALL {
        let (id, permitted) = row_of(action);
        for (role, permitted) in ROLES.into_iter().zip(permitted) {
            let expected = if permitted { permitted_by(id) } else { forbidden_by(&[]) };
            assert_eq!(asked_at_home(&policy, &[role], action), expected, "{role} {action:?}");
        }
    }
}

#[test]
fn no_role_and_an_unknown_role_may_do_nothing() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    for action in Action::ALL {
        for roles in [&[][..], &["Supervisor"], &["root", "admin"], &["viewer analyst"], &[""], &["\") || true; //"]] {
            assert_eq!(asked_at_home(&policy, roles, action), forbidden_by(&[]), "{roles:?} {action:?}");
        }
    }
}

#[test]
fn several_roles_may_do_what_any_of_them_may() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    for action in Action::ALL {
        let (id, [_, analyst, _, auditor]) = row_of(action);
        let expected = if analyst || auditor { permitted_by(id) } else { forbidden_by(&[]) };
        assert_eq!(asked_at_home(&policy, &["analyst", "auditor", "unheard-of"], action), expected, "{action:?}");
    }
}

#[test]
fn no_role_reaches_another_tenant() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    for action in Action::ALL {
        for roles in [&["supervisor"][..], &ROLES] {
            assert_eq!(asked(&policy, roles, action, "lab-2"), forbidden_by(&["tenants.own-only"]), "{action:?}");
        }
    }
}

#[test]
fn a_question_about_no_workflow_in_particular_is_answered() {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    let principal = Principal {
        id: "alice".parse().unwrap(),
        tenant_id: "lab-1".parse().unwrap(),
        roles: ["viewer".to_owned()].into(),
    };
    let resource = Resource {
        tenant_id: &principal.tenant_id,
        workflow_id: None,
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let question = AccessQuestion { request_id: "request-1", principal: &principal, action: ListWorkflows, resource };
    assert_eq!(policy.decide(&question), permitted_by(READ));
}
