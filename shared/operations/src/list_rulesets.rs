//! Lists the rulesets by which the service judges, a bounded page at a time.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowType;
use alims_domain::limits::RULESETS_PAGE_BYTES_MAX;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::errors::Forbidden;
use crate::permission::permitted;
use crate::ports::{AccessPolicy, ListedRuleset, RulesEngine, Rulesets};

/// The ports of list-rulesets.
#[derive(Clone)]
pub struct Ports {
    /// The rulesets.
    pub rulesets: Arc<Rulesets>,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
}

/// A page of the rulesets, and what is known beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesetPage {
    /// The engine that judges.
    pub engine: RulesEngine,
    /// Every workflow type that may be created, if that is known and not all.
    pub workflow_types: Option<BTreeSet<WorkflowType>>,
    /// The workflow types that are known to have no rules.
    pub types_without_rules: Vec<WorkflowType>,
    /// The rulesets of this page.
    pub items: Vec<ListedRuleset>,
    /// The id after which the next page begins; none on the last page.
    pub next: Option<String>,
}

/// Why rulesets could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListRulesetsError {
    /// The caller may not list them.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

/// Lists the rulesets after an id: at most `limit`, and after the first no more than [`RULESETS_PAGE_BYTES_MAX`].
///
/// The rulesets are in the order of their ids, so the page begins in the right place also when that ruleset is gone.
///
/// # Errors
/// When the caller may not list rulesets.
pub async fn list_rulesets(
    ports: &Ports,
    call: &Call,
    after: Option<String>,
    limit: usize,
) -> Result<RulesetPage, ListRulesetsError> {
    let tenant_id = &call.principal.tenant_id;
    let resource = Resource::of_tenant(tenant_id);
    permitted(ports.policy.as_ref(), call, Action::ListRulesets, resource)?;
    let Rulesets { engine, workflow_types, types_without_rules, rulesets } = ports.rulesets.as_ref();
    let mut rest = rulesets.iter().filter(|set| after.as_ref().is_none_or(|after| set.ruleset > *after)).peekable();
    let (mut items, mut bytes) = (Vec::new(), 0_usize);
    while let Some(ruleset) = rest.next_if(|ruleset| {
        items.is_empty() || (items.len() < limit && bytes.saturating_add(ruleset.bytes()) <= RULESETS_PAGE_BYTES_MAX)
    }) {
        bytes = bytes.saturating_add(ruleset.bytes());
        items.push(ruleset.clone());
    }
    let next = rest.peek().and_then(|_| items.last()).map(|last: &ListedRuleset| last.ruleset.clone());
    Ok(RulesetPage {
        engine: *engine,
        workflow_types: workflow_types.clone(),
        types_without_rules: types_without_rules.clone(),
        items,
        next,
    })
}
