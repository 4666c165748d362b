//! One request as the operations see it: who calls, and what ties the call to others.

use std::collections::BTreeSet;

use crate::identifiers::{CorrelationId, IdempotencyKey, PrincipalId, TenantId, WorkflowId, WorkflowKey};

/// Who calls, from a verified token and from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's subject.
    pub id: PrincipalId,
    /// The tenant the token is for; everything the caller can reach lies within it.
    pub tenant_id: TenantId,
    /// The roles the token grants; none when its claim can't be read.
    pub roles: BTreeSet<String>,
}

/// One call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// The edge's name for this call; it is in every answer and every log line.
    pub request_id: String,
    /// What ties the call to its cause in other services; kept in the event.
    pub correlation_id: Option<CorrelationId>,
    /// The caller's own name for the request, so that it can be repeated.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Call {
    /// A workflow of the caller's tenant. There is no way to name another tenant's.
    #[must_use]
    pub fn key(&self, workflow_id: &WorkflowId) -> WorkflowKey {
        WorkflowKey { tenant_id: self.principal.tenant_id.clone(), workflow_id: workflow_id.clone() }
    }
}
