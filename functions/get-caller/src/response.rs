//! A caller, as the service knows them.

use alims_domain::access::Action;
use alims_domain::identifiers::{PrincipalId, TenantId};
use alims_domain::signature::Meaning;
use alims_operations::get_caller::Caller as Known;
use serde::Serialize;
use std::collections::BTreeSet;

/// A caller, as the service knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Caller {
    /// The principal: the subject of the token. The service records it as `requested_by`.
    pub principal: PrincipalId,
    /// The tenant whose workflows the caller works on.
    pub tenant_id: TenantId,
    /// The roles of the token that policies can name, sorted.
    pub roles: BTreeSet<String>,
    /// The actions that the policies permit when nothing is known of a workflow. A later release may add actions.
    pub permitted_actions: Vec<&'static str>,
    /// The meanings with which the policies permit the caller to sign a workflow, when nothing is known of it.
    pub permitted_signatures: Vec<Meaning>,
    /// The release of the service that answered.
    pub service_version: &'static str,
}

impl From<Known> for Caller {
    fn from(known: Known) -> Self {
        let mut permitted_actions: Vec<&str> = known.permitted.iter().map(|action| action.as_str()).collect();
        // Signing is one action for each meaning.
        permitted_actions.dedup();
        Self {
            principal: known.principal.id,
            tenant_id: known.principal.tenant_id,
            roles: known.principal.roles,
            permitted_actions,
            permitted_signatures: known.permitted.into_iter().filter_map(Action::meaning).collect(),
            service_version: env!("CARGO_PKG_VERSION"),
        }
    }
}
