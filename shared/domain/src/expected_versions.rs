//! The versions that a caller decided on: a transition is made only from one of them.

use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

use crate::identifiers::Version;

/// The workflow must be at one of these versions. Usually it is one; `If-Match` may name several, or none that can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedVersions(BTreeSet<Version>);

impl ExpectedVersions {
    /// Whether a workflow at this version is what the caller decided on.
    #[must_use]
    pub fn contain(&self, version: Version) -> bool {
        self.0.contains(&version)
    }

    /// Whether there are several.
    #[must_use]
    pub fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Whether no version is expected, so that every one conflicts.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// One version is its number, as the digests of remembered requests have it; several are a list.
impl Serialize for ExpectedVersions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.first() {
            Some(version) if self.0.len() == 1 => version.serialize(serializer),
            Some(_) | None => self.0.serialize(serializer),
        }
    }
}

impl From<Version> for ExpectedVersions {
    fn from(version: Version) -> Self {
        Self(BTreeSet::from([version]))
    }
}

impl FromIterator<Version> for ExpectedVersions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        Self(versions.into_iter().collect())
    }
}
