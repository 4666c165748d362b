//! Why a server did not start, for the person who started it.

use alims_operations::ports::StoreError;
use alims_policy::PolicyInvalid;
use alims_rules::RulesNotStarted;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::access_key::AccessKeyError;
use crate::database::DatabaseError;
use crate::folder::FolderError;
use crate::key::KeyError;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used, by this server or at all.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key of the database's and the bus's ports cannot be used.
    #[error(transparent)]
    AccessKey(#[from] AccessKeyError),
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
    /// Another program listens on the port.
    #[error("port {port} is in use; choose another one with {option}, or {option} 0 for a free port")]
    PortInUse {
        /// Which.
        port: u16,
        /// The option that sets the port.
        option: &'static str,
    },
    /// Another program listens on the port at the address for containers.
    #[error("port {port} of {address} is in use; choose another one with {option}, or {option} 0 for a free port")]
    PortInUseThere {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The option that sets the port.
        option: &'static str,
    },
    /// The address for containers is another machine's, or no interface has it yet.
    #[error(
        "{address} is no address of this machine; start the container engine first, and look for its bridge with `ip address`"
    )]
    NotHere {
        /// The address.
        address: IpAddr,
    },
    /// The address for containers cannot be listened on.
    #[error("cannot listen on port {port} of {address}")]
    Address {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}")]
    Port {
        /// Which.
        port: u16,
        /// The system's error.
        #[source]
        source: io::Error,
    },
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
