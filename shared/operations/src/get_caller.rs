//! Tells callers who they are to the service and what the policies permit them. It reads nothing but the token.

use alims_domain::access::{Action, Resource};
use alims_domain::call::{Call, Principal};
use std::sync::Arc;

use crate::permission::sees;
use crate::ports::AccessPolicy;

/// The ports of get-caller.
#[derive(Clone)]
pub struct Ports {
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
}

/// A caller, as the service knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The principal, with tenant and roles.
    pub principal: Principal,
    /// What the policies permit when nothing is known of a workflow, in the order of [`Action::ALL`]; signing once for
    /// each meaning.
    pub permitted: Vec<Action>,
}

/// Describes the caller. It needs no permission, because it shows only what the caller's own token and the policies say.
///
/// The policies are asked as for a list, about no particular workflow. One that looks at the workflow may therefore
/// permit more on some workflows, and less on others.
pub async fn get_caller(ports: &Ports, call: &Call) -> Caller {
    let resource = Resource {
        tenant_id: &call.principal.tenant_id,
        workflow_id: None,
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let may = |action: &Action| sees(ports.policy.as_ref(), call, *action, resource);
    Caller { principal: call.principal.clone(), permitted: Action::ALL.into_iter().filter(may).collect() }
}
