//! Where anchors are kept: a folder. A copy of a bucket with anchors is such a folder, too.

mod folder;
mod names;

pub use folder::FolderAnchors;
pub use names::{name_of, number_of, tenant_of};
