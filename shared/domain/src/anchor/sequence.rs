//! The check of the anchors of a tenant one after another: that each is one, is signed, and follows from the one before.

use crate::anchor::leaf::Leaf;
use crate::anchor::manifest::{Manifest, NotAnAnchor, SignedAnchor};
use crate::hashing::ChainHash;
use crate::identifiers::{TenantId, WorkflowId};
use crate::timestamp::Timestamp;

/// What is wrong with an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnchorFault {
    /// There is none with this number, although there is a later one, or none at all.
    Missing,
    /// It is not what was signed, or not what the service writes.
    Altered,
    /// It is signed by a key that is not among those that are trusted.
    OtherKey,
    /// It stands in the place of another: its number, its tenant or the begin of its period is not what must stand here.
    OutOfOrder,
    /// It does not name the anchor before it.
    Unlinked,
    /// It is not the one that an auditor remembers.
    NotRemembered,
}

impl AnchorFault {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "anchor-missing",
            Self::Altered => "anchor-altered",
            Self::OtherKey => "anchor-of-another-key",
            Self::OutOfOrder => "anchor-out-of-order",
            Self::Unlinked => "anchor-unlinked",
            Self::NotRemembered => "anchor-not-remembered",
        }
    }
}

/// What the log contradicts an anchor in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogFault {
    /// The log has no such entry any more.
    Removed,
    /// The log has no such version any more, nor a later one of its workflow.
    EndCut,
    /// The log has another content under this name.
    Altered,
    /// The log has another history of the workflow, sound in itself, from its first version on.
    Forged,
    /// The log has an entry of that period that no anchor names: it was written later than its time says.
    Added,
}

impl LogFault {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "entry-removed",
            Self::EndCut => "end-cut",
            Self::Altered => "entry-altered",
            Self::Forged => "history-forged",
            Self::Added => "entry-added",
        }
    }
}

/// One thing that a comparison of the anchors with the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Of an anchor itself.
    Anchor {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        fault: AnchorFault,
    },
    /// Of an entry of the log.
    Log {
        /// The number of the anchor that covers the time of the entry.
        number: u64,
        /// The entry, as the anchor names it, or as the log has it when no anchor does.
        leaf: Leaf,
        /// What is wrong.
        fault: LogFault,
    },
}

impl Finding {
    /// The name of the fault in reports.
    #[must_use]
    pub const fn fault(&self) -> &'static str {
        match self {
            Self::Anchor { fault, .. } => fault.as_str(),
            Self::Log { fault, .. } => fault.as_str(),
        }
    }

    /// The number of the anchor.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self {
            Self::Anchor { number, .. } | Self::Log { number, .. } => *number,
        }
    }

    /// The workflow, if it is about one.
    #[must_use]
    pub const fn workflow_id(&self) -> Option<&WorkflowId> {
        match self {
            Self::Anchor { .. } => None,
            Self::Log { leaf, .. } => leaf.workflow_id.as_ref(),
        }
    }
}

/// What must stand in the next place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    previous: ChainHash,
    from: Option<Timestamp>,
}

/// The check of the anchors of a tenant, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Sequence {
    tenant_id: TenantId,
    number: u64,
    /// None behind an anchor with a fault: what follows from that one cannot be said.
    expected: Option<Expected>,
}

impl Sequence {
    /// Before number 1.
    #[must_use]
    pub fn new(tenant_id: TenantId) -> Self {
        Self { tenant_id, number: 1, expected: Some(Expected { previous: ChainHash::genesis(), from: None }) }
    }

    /// Of one anchor alone, with this number: nothing is expected of its place.
    #[must_use]
    pub fn alone(tenant_id: TenantId, number: u64) -> Self {
        Self { tenant_id, number, expected: None }
    }

    /// Goes on at a later number: nothing is expected of its place.
    pub fn skip_to(&mut self, number: u64) {
        self.number = number;
        self.expected = None;
    }

    /// The number that comes next.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Takes what stands under the next number. `is_signed` says whether the signature is one of the manifest by the
    /// key with this id; none when that key is not trusted.
    ///
    /// # Errors
    /// What is wrong with it. The sequence goes on behind it.
    pub fn take(
        &mut self,
        kept: Option<&[u8]>,
        is_signed: impl FnOnce(&ChainHash, &SignedAnchor) -> Option<bool>,
    ) -> Result<Manifest, TakeError> {
        let number = self.number;
        self.number = number.saturating_add(1);
        let expected = self.expected.take();
        let kept = kept.ok_or(TakeError::Fault(AnchorFault::Missing))?;
        let signed = SignedAnchor::read(kept)?;
        let manifest = Manifest::read(&signed.manifest)?;
        match is_signed(&manifest.key, &signed) {
            None => return Err(AnchorFault::OtherKey.into()),
            Some(false) => return Err(AnchorFault::Altered.into()),
            Some(true) => {}
        }
        let is_here = manifest.number == number && manifest.tenant_id == self.tenant_id;
        let begins_here = |expected: &Expected| expected.from.is_none_or(|from| from == manifest.from);
        if !is_here || !expected.as_ref().is_none_or(begins_here) {
            return Err(AnchorFault::OutOfOrder.into());
        }
        self.expected = Some(Expected { previous: signed.hash(), from: Some(manifest.until) });
        if expected.is_some_and(|expected| expected.previous != manifest.previous) {
            return Err(AnchorFault::Unlinked.into());
        }
        Ok(manifest)
    }
}

/// Why an anchor was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeError {
    /// A finding.
    Fault(AnchorFault),
    /// A newer release wrote it: this one cannot say whether it is right.
    NewerFormat(u64),
}

impl From<AnchorFault> for TakeError {
    fn from(fault: AnchorFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<NotAnAnchor> for TakeError {
    fn from(error: NotAnAnchor) -> Self {
        match error {
            NotAnAnchor::Malformed => Self::Fault(AnchorFault::Altered),
            NotAnAnchor::NewerFormat(format) => Self::NewerFormat(format),
        }
    }
}
