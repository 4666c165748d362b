//! The newest anchor within a request: it is read beside the index, and takes no longer than that may.

use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorWitness, NewestAnchor, StoreError};
use std::time::Duration;

/// How long a read of the index may take with all its tries (docs/timeouts.md).
const AS_LONG_AS_THE_INDEX: Duration = Duration::from_secs(3);

/// Anchors whose newest one is read in time, or not at all.
#[derive(Clone, Debug)]
pub struct BesideTheIndex<W>(pub W);

impl<W: AnchorWitness> AnchorWitness for BesideTheIndex<W> {
    async fn newest_anchor(&self, tenant: &TenantId) -> Result<Option<NewestAnchor>, StoreError> {
        match tokio::time::timeout(AS_LONG_AS_THE_INDEX, self.0.newest_anchor(tenant)).await {
            Ok(read) => read,
            Err(elapsed) => Err(StoreError::Unavailable(Box::new(elapsed))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    struct NeverAnswers;

    impl AnchorWitness for NeverAnswers {
        async fn newest_anchor(&self, _: &TenantId) -> Result<Option<NewestAnchor>, StoreError> {
            pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_does_not_answer_is_unavailable() {
        let read = BesideTheIndex(NeverAnswers).newest_anchor(&"lab".parse().expect("a tenant")).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    }
}
