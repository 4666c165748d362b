//! Asks the policies whether they permit the caller an action.

use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::WorkflowKey;

use crate::errors::Forbidden;
use crate::head::ReadWorkflowError;
use crate::ports::{AccessPolicy, StoreError};

/// The answer about a workflow that is missing or cannot be read: one who may not do this at all must not learn which.
/// A store that failed says nothing of the workflow, and policies that ask for its type or its creator would refuse a
/// caller who may: that error stays.
pub(crate) fn unless_forbidden(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    key: &WorkflowKey,
    error: ReadWorkflowError,
) -> ReadWorkflowError {
    match error {
        ReadWorkflowError::Store(StoreError::Unavailable(_) | StoreError::Refused(_)) => error,
        ReadWorkflowError::NotFound
        | ReadWorkflowError::Forbidden(_)
        | ReadWorkflowError::Quarantined(_)
        | ReadWorkflowError::Store(StoreError::NewerFormat(_)) => {
            authorise(policy, call, action, key, None).err().map_or(error, ReadWorkflowError::from)
        }
    }
}

/// Whether the caller may do this to a workflow. When the workflow does not exist or its newest version is unreadable,
/// only its name is known, and the policies decide on that.
pub(crate) fn authorise(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    key: &WorkflowKey,
    newest: Option<&WorkflowEvent>,
) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: newest.map_or(&key.tenant_id, |newest| &newest.tenant_id),
        workflow_id: Some(newest.map_or(&key.workflow_id, |newest| &newest.workflow_id)),
        workflow_type: newest.map(|newest| &newest.workflow_type),
        current_state: newest.map(|newest| newest.to_state),
        created_by: newest.map(|newest| &newest.created_by),
    };
    permitted(policy, call, action, resource)
}

/// Whether the policies permit the caller this action.
pub(crate) fn permitted(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    resource: Resource<'_>,
) -> Result<(), Forbidden> {
    let question = AccessQuestion { request_id: &call.request_id, principal: &call.principal, action, resource };
    match policy.decide(&question) {
        AccessDecision::Permitted { .. } => Ok(()),
        AccessDecision::Forbidden { policies } => Err(Forbidden { action: action.as_str(), policies }),
    }
}

/// Whether the policies permit the caller to see one of many things. The decision is not logged: it is one of hundreds
/// for a request, and the request has its own.
pub(crate) fn sees(policy: &dyn AccessPolicy, call: &Call, action: Action, resource: Resource<'_>) -> bool {
    let question = AccessQuestion { request_id: &call.request_id, principal: &call.principal, action, resource };
    matches!(policy.decide_one_of_many(&question), AccessDecision::Permitted { .. })
}
