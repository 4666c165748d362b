//! Marks workflows in the index as quarantined, so that lists find them. Only the log knows whether a quarantine is still
//! in force.

use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::PUBLISHER_CONCURRENCY_MAX;
use alims_domain::projection::IndexEntry;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;

use crate::errors::with_causes;
use crate::ports::{LogError, StoreError, WorkflowIndex, WorkflowLog};

/// Marks a workflow. One without a readable beginning in index and log is in no list and needs no mark.
pub(crate) async fn mark<L: WorkflowLog, I: WorkflowIndex>(
    (log, index): (&L, &I),
    key: &WorkflowKey,
    indexed: Option<&IndexEntry>,
) -> Result<(), StoreError> {
    let created_at = match indexed {
        Some(entry) => Some(entry.created_at),
        None => match log.versions(key, Version::FIRST, 1).await {
            Ok(versions) => versions.first().map(|stored| stored.event.created_at),
            Err(LogError::Unreadable { .. }) => None,
            Err(LogError::Store(error)) => return Err(error),
        },
    };
    match created_at {
        Some(created_at) => index.mark_quarantined(key, created_at).await,
        None => Ok(()),
    }
}

/// Marks the workflows of these notifications; returns which of the notifications failed, and why.
pub(crate) async fn mark_all<L: WorkflowLog, I: WorkflowIndex>(
    ports: (&L, &I),
    quarantined: BTreeMap<String, WorkflowKey>,
) -> BTreeMap<String, String> {
    if quarantined.is_empty() {
        return BTreeMap::new();
    }
    let keys: Vec<WorkflowKey> = quarantined.values().cloned().collect();
    let entries = ports.1.entries(&keys).await;
    let failed = stream::iter(quarantined).map(async |(sequence_number, key)| {
        let marked = match entries.as_ref().map(|entries| entries.get(&key)) {
            Ok(Some(Ok(entry))) => mark(ports, &key, Some(entry)).await,
            Ok(None) => mark(ports, &key, None).await,
            Ok(Some(Err(newer))) => Err(newer.clone().into()),
            Err(error) => return Some((sequence_number, not_marked(error))),
        };
        marked.err().map(|error| (sequence_number, not_marked(&error)))
    });
    failed.buffer_unordered(PUBLISHER_CONCURRENCY_MAX).filter_map(async |failed| failed).collect().await
}

fn not_marked(error: &StoreError) -> String {
    format!("the workflow could not be marked as quarantined in the index: {}", with_causes(error))
}
