//! The kinds of breaks of a stored history.

use alims_domain::hash_chain::Fault;
use serde::Serialize;

/// The kinds of breaks of a stored history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChainFault {
    /// The version is missing although a later one exists.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// It belongs to another workflow.
    Foreign,
    /// Its content does not match its hash.
    Altered,
    /// It does not follow from the version before.
    Unlinked,
    /// A quarantine or a release of it cannot be read.
    UnreadableQuarantine,
    /// A claim or an outcome of a recovery at it cannot be read.
    UnreadableRecovery,
}

impl From<&Fault> for ChainFault {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Missing => Self::Missing,
            Fault::Unreadable => Self::Unreadable,
            Fault::Foreign => Self::Foreign,
            Fault::Altered => Self::Altered,
            Fault::Unlinked => Self::Unlinked,
            Fault::UnreadableQuarantine => Self::UnreadableQuarantine,
            Fault::UnreadableRecovery => Self::UnreadableRecovery,
        }
    }
}
