//! Why a server did not start, for the person who started it.

use alims_operations::ports::StoreError;
use alims_policy::PolicyInvalid;
use alims_rules::RulesNotStarted;
use alims_signing::FileKeyError;
use std::path::PathBuf;

use crate::access_key::AccessKeyError;
use crate::database::DatabaseError;
use crate::folder::FolderError;
use crate::key::KeyError;
use crate::listening::ListenError;
use crate::login::pin::PinError;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used, by this server or at all.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key that signs anchors cannot be used.
    #[error(transparent)]
    SigningKey(#[from] FileKeyError),
    /// The key that signs anchors is gone, and its public half is there.
    #[error("the signing key {} is gone; restore it from a backup, or remove {} too for a new key", .private.display(), .public.display())]
    SigningKeyGone {
        /// The key.
        private: PathBuf,
        /// Its public half.
        public: PathBuf,
    },
    /// The key of the database's and the bus's ports cannot be used.
    #[error(transparent)]
    AccessKey(#[from] AccessKeyError),
    /// The PIN cannot be used.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The rules engine could not be started.
    #[error(transparent)]
    Rules(#[from] RulesNotStarted),
    /// The policies are wrong.
    #[error("the policies in {} are not valid", .folder.display())]
    Policies {
        /// Where they are.
        folder: PathBuf,
        /// The error.
        #[source]
        source: PolicyInvalid,
    },
    /// A port cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The embedded database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Its tables.
    #[error("cannot create the tables")]
    Tables(#[source] StoreError),
    /// A bug.
    #[error("{0}")]
    Bug(String),
}
