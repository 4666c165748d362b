//! Counts: how many of a tenant's workflows are in a state, by queries that return a number and no entries.

use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_operations::ports::{IndexCount, StoreError};
use aws_sdk_dynamodb::types::Select;

use crate::failure::store_error;
use crate::index_item::{TENANT_STATE, tenant_state};
use crate::list::Listed;
use crate::tables::BY_STATE;

/// Counts the entries of one partition. As nothing of an entry is read but its keys, one of a newer format and one that
/// is unreadable count too: each stands for a workflow.
pub(crate) async fn of_state(
    index: Listed<'_>,
    tenant_id: &TenantId,
    state: State,
    reads_max: usize,
) -> Result<IndexCount, StoreError> {
    let query = index
        .client
        .query()
        .table_name(index.table)
        .index_name(BY_STATE)
        .select(Select::Count)
        .limit(i32::try_from(index.evaluated_max).unwrap_or(i32::MAX))
        .key_condition_expression("#partition = :partition")
        .expression_attribute_names("#partition", TENANT_STATE)
        .expression_attribute_values(":partition", tenant_state(tenant_id, state).into());
    let (mut workflows, mut resume) = (0_u64, None);
    for _ in 0..reads_max {
        let page = query.clone().set_exclusive_start_key(resume.take()).send().await.map_err(store_error)?;
        workflows = workflows.saturating_add(u64::try_from(page.count).unwrap_or_default());
        resume = page.last_evaluated_key.filter(|key| !key.is_empty());
        if resume.is_none() {
            return Ok(IndexCount { workflows, complete: true });
        }
    }
    Ok(IndexCount { workflows, complete: false })
}
