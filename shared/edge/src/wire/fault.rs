//! The kinds of breaks of a stored history.

use alims_domain::hash_chain::BreakKind;
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
    /// It is not the version that was published with this number.
    Replaced,
    /// A stored entry of it was changed or removed after it was written.
    Changed,
}

impl From<&BreakKind> for ChainFault {
    fn from(fault: &BreakKind) -> Self {
        match fault {
            BreakKind::Missing => Self::Missing,
            BreakKind::Unreadable => Self::Unreadable,
            BreakKind::Foreign => Self::Foreign,
            BreakKind::Altered => Self::Altered,
            BreakKind::Unlinked => Self::Unlinked,
            BreakKind::UnreadableQuarantine => Self::UnreadableQuarantine,
            BreakKind::UnreadableRecovery => Self::UnreadableRecovery,
            BreakKind::Replaced => Self::Replaced,
            BreakKind::Changed => Self::Changed,
        }
    }
}
