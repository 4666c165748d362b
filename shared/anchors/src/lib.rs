//! Where anchors are kept: a bucket of Amazon S3, or a folder. A copy of a bucket is such a folder, too.

mod beside_the_index;
mod deployed;
mod folder;
mod names;
mod s3;

pub use beside_the_index::BesideTheIndex;
pub use deployed::deployed_witness;
pub use folder::FolderAnchors;
pub use names::{name_of, number_of, tenant_of};
pub use s3::S3Anchors;

use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorStore, Kept, StoreError};

/// Either place, for a program that learns only at its start which one it reads.
#[derive(Clone, Debug)]
pub enum Anchors {
    /// A folder.
    Folder(FolderAnchors),
    /// A bucket.
    S3(S3Anchors),
}

impl AnchorStore for Anchors {
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        match self {
            Self::Folder(folder) => folder.tenants().await,
            Self::S3(bucket) => bucket.tenants().await,
        }
    }

    async fn newest_below(&self, tenant: &TenantId, limit: u64) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Folder(folder) => folder.newest_below(tenant, limit).await,
            Self::S3(bucket) => bucket.newest_below(tenant, limit).await,
        }
    }

    async fn get(&self, tenant: &TenantId, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Folder(folder) => folder.get(tenant, number).await,
            Self::S3(bucket) => bucket.get(tenant, number).await,
        }
    }

    async fn put_new(&self, tenant: &TenantId, number: u64, bytes: Vec<u8>) -> Result<Kept, StoreError> {
        match self {
            Self::Folder(folder) => folder.put_new(tenant, number, bytes).await,
            Self::S3(bucket) => bucket.put_new(tenant, number, bytes).await,
        }
    }
}
