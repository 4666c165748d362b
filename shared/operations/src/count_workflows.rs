//! Counts the tenant's workflows in each state, from the index: eventually consistent, and bounded.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::lifecycle::State;
use alims_domain::limits::COUNT_READS_MAX;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

use crate::errors::Forbidden;
use crate::permission::permitted;
use crate::ports::{IndexCount, StoreError, WorkflowIndex};

pub use crate::ports::ReadPorts as Ports;

/// How many workflows are in each state. One that moves while they are counted may count in two states or in none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The count of every state.
    pub by_state: BTreeMap<State, IndexCount>,
}

impl Counts {
    /// The workflows in a state.
    #[must_use]
    pub fn of(&self, state: State) -> u64 {
        self.by_state.get(&state).map_or(0, |count| count.workflows)
    }

    /// The workflows in all states.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_state.values().fold(0, |total, count| total.saturating_add(count.workflows))
    }

    /// Whether every state was counted to its end; if not, its count and the total are lower bounds.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.by_state.values().all(|count| count.complete)
    }
}

/// Why workflows could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum CountWorkflowsError {
    /// The caller may not count.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts the workflows of the caller's tenant, with at most [`COUNT_READS_MAX`] reads a state.
///
/// # Errors
/// When the caller may not count workflows or the index cannot be read.
pub async fn count_workflows<I: WorkflowIndex>(ports: &Ports<I>, call: &Call) -> Result<Counts, CountWorkflowsError> {
    let tenant_id = &call.principal.tenant_id;
    let resource = Resource::of_tenant(tenant_id);
    permitted(ports.policy.as_ref(), call, Action::CountWorkflows, resource)?;
    let counts = State::ALL.map(|state| ports.store.count(tenant_id, state, COUNT_READS_MAX));
    let by_state = State::ALL.into_iter().zip(try_join_all(counts).await?).collect();
    Ok(Counts { by_state })
}
