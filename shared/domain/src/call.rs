//! One request as the operations see it: the caller, and the ids that link the call to others.

use std::collections::BTreeSet;

use crate::authentication::Authentication;
use crate::identifiers::{CorrelationId, IdempotencyKey, PrincipalId, TenantId, WorkflowId, WorkflowKey};

/// The caller, taken only from a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's subject.
    pub id: PrincipalId,
    /// The tenant of the token; the caller can reach nothing outside it.
    pub tenant_id: TenantId,
    /// The roles that the token grants; none when the claim is unreadable.
    pub roles: BTreeSet<String>,
}

/// One call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// How the caller was authenticated.
    pub authentication: Authentication,
    /// The id that the edge gave this call; every answer and every log line carries it.
    pub request_id: String,
    /// Links the call to its cause in other services; the event keeps it.
    pub correlation_id: Option<CorrelationId>,
    /// The caller's own name for the request, which makes a repetition safe.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Call {
    /// The key of a workflow of the caller's tenant. The method cannot name another tenant's workflow.
    #[must_use]
    pub fn key(&self, workflow_id: &WorkflowId) -> WorkflowKey {
        WorkflowKey { tenant_id: self.principal.tenant_id.clone(), workflow_id: workflow_id.clone() }
    }
}
