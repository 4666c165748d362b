//! Where anchors are kept: a place that a person who can change the log cannot change.

use alims_domain::anchor::{AnchorFault, Manifest};
use alims_domain::identifiers::TenantId;
use std::future::Future;

use crate::ports::failure::StoreError;

/// What became of an anchor that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept now.
    Now,
    /// There is one with that number. It may be this one: then an earlier try of ours won and its answer was lost.
    Already,
}

/// The anchors of tenants, each under its number from 1 on. The port cannot change or remove one.
pub trait AnchorStore: Send + Sync {
    /// The tenants that have an anchor.
    fn tenants(&self) -> impl Future<Output = Result<Vec<TenantId>, StoreError>> + Send;

    /// The highest number of a tenant below a limit; none when there is none. An adapter MUST name the highest one also
    /// when a lower one is missing.
    fn newest_below(
        &self,
        tenant: &TenantId,
        limit: u64,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// The highest number of a tenant; none before the first one.
    fn newest(&self, tenant: &TenantId) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send {
        self.newest_below(tenant, u64::MAX)
    }

    /// The bytes of an anchor, as they were put; none when there is none with this number.
    fn get(&self, tenant: &TenantId, number: u64) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Keeps an anchor, if there is none with that number. Exactly one of several writers succeeds, and a reader sees
    /// all its bytes or none. An adapter MUST NOT return [`Kept::Now`] before they are stored durably.
    fn put_new(
        &self,
        tenant: &TenantId,
        number: u64,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Kept, StoreError>> + Send;
}

/// The newest anchor of a tenant, after a look at its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewestAnchor {
    /// It is as the service signed it.
    Sound(Box<Manifest>),
    /// It proves nothing.
    Faulty {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        fault: AnchorFault,
    },
}

/// What a verification of one history asks about the anchors.
pub trait AnchorWitness: Send + Sync {
    /// The newest anchor; none before the first one.
    fn newest_anchor(&self, tenant: &TenantId)
    -> impl Future<Output = Result<Option<NewestAnchor>, StoreError>> + Send;
}

/// Where no anchors are made, there is none.
impl<W: AnchorWitness> AnchorWitness for Option<W> {
    async fn newest_anchor(&self, tenant: &TenantId) -> Result<Option<NewestAnchor>, StoreError> {
        match self {
            Some(anchors) => anchors.newest_anchor(tenant).await,
            None => Ok(None),
        }
    }
}
