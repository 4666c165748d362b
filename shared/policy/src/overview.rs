//! The permissions as a table for people: every role on every action in every state, as the policies decide it.

use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Principal;
use alims_domain::invalid::InvalidValue;
use alims_domain::lifecycle::State;
use alims_operations::ports::AccessPolicy;
use std::collections::BTreeSet;

/// The roles that the shipped policies name.
pub const SHIPPED_ROLES: [&str; 4] = ["viewer", "analyst", "supervisor", "auditor"];

/// The text of a cell that the policies alone decide, and of one where the lifecycle has no transition.
const ALLOWED: &str = "allowed";
const REFUSED: &str = "refused";
const NO_SUCH_TRANSITION: &str = "no such transition";

/// Renders a table in Markdown for each role, and one for a caller without any.
///
/// The caller belongs to the workflow's tenant and did not create the workflow, whose type is `sample-analysis`.
///
/// # Errors
/// Never, as long as the fixed values here are valid.
pub fn overview(policy: &dyn AccessPolicy, roles: &[&str]) -> Result<String, InvalidValue> {
    let mut text = String::new();
    for role in roles.iter().copied().map(Some).chain([None]) {
        let title = role.map_or_else(|| "## Without a role".to_owned(), |role| format!("## `{role}`"));
        text.push_str(&format!("{title}\n\n| action | {} |\n", State::ALL.map(State::as_str).join(" | ")));
        text.push_str(&format!("|---|{}\n", "---|".repeat(State::ALL.len())));
        for action in Action::ALL {
            let mut cells = Vec::new();
            for state in State::ALL {
                cells.push(cell(policy, role, action, state)?);
            }
            let meaning = action.meaning().map_or_else(String::new, |meaning| format!(" ({meaning})"));
            text.push_str(&format!("| {}{meaning} | {} |\n", action.as_str(), cells.join(" | ")));
        }
        text.push('\n');
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// The decision for a caller in this role who requests this action on a workflow in this state.
fn cell(
    policy: &dyn AccessPolicy,
    role: Option<&str>,
    action: Action,
    state: State,
) -> Result<&'static str, InvalidValue> {
    let tenant_id = "default".parse()?;
    let principal = Principal {
        id: "somebody".parse()?,
        tenant_id,
        roles: role.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(),
    };
    let (workflow_id, workflow_type, creator) = ("workflow".parse()?, "sample-analysis".parse()?, "creator".parse()?);
    // Where there is no workflow yet, or none in particular, the state says nothing, and each column says the same.
    let nothing_known = Resource {
        tenant_id: &principal.tenant_id,
        workflow_id: None,
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let to_be_created =
        Resource { workflow_id: Some(&workflow_id), workflow_type: Some(&workflow_type), ..nothing_known };
    let resource = if action == Action::CreateWorkflow {
        Resource { created_by: Some(&principal.id), ..to_be_created }
    } else if action.is_on_a_workflow() {
        Resource { current_state: Some(state), created_by: Some(&creator), ..to_be_created }
    } else {
        nothing_known
    };
    let question = AccessQuestion { request_id: "overview", principal: &principal, action, resource };
    Ok(match policy.decide(&question) {
        AccessDecision::Forbidden { .. } => REFUSED,
        AccessDecision::Permitted { .. } if target(action).is_some_and(|to| !state.may_become(to)) => {
            NO_SUCH_TRANSITION
        }
        AccessDecision::Permitted { .. } => ALLOWED,
    })
}

/// The target state of an action on an existing workflow.
fn target(action: Action) -> Option<State> {
    State::ALL.into_iter().filter(|state| *state != State::Created).find(|state| Action::moving_to(*state) == action)
}
