//! Verifies the anchors of a tenant and compares each with the log: an operator's command, because it reads everything
//! that was ever anchored. It writes nothing.

use alims_domain::anchor::TakeError;
use alims_domain::anchor::{AnchorFault, Comparison, Finding, Leaf, Manifest, Sequence, SignedAnchor, key_id};
use alims_domain::hash_chain;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::limits::FINDINGS_MAX;
use alims_domain::timestamp::Timestamp;
use std::num::NonZeroU64;
use std::ops::ControlFlow;

use crate::anchoring::Period;
use crate::errors::Bug;
use crate::ports::{
    ActivityLog, AnchorStore, LogError, PublicKey, SignatureBytes, SignatureCheck, StoreError, WorkflowLog,
};

pub use crate::anchoring::ReadPeriodError;

/// After so many missing anchors in a row, a verification goes on at the newest one.
const MISSING_IN_A_ROW_MAX: u32 = 100;

/// The ports of a verification.
#[derive(Clone, Debug)]
pub struct Ports<L, A, C> {
    /// The log.
    pub log: L,
    /// The anchors.
    pub anchors: A,
    /// How signatures are checked.
    pub check: C,
}

/// An anchor that an auditor wrote down: what is covered by it and those before it cannot be made anew unnoticed, not
/// even with the signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Its number. The first anchor of a tenant has number 1.
    pub number: NonZeroU64,
    /// The SHA-256 of its manifest.
    pub hash: ChainHash,
}

/// The result so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifiedAnchors {
    /// The highest number of the tenant.
    pub newest: u64,
    /// The anchors that were looked at.
    pub anchors: u64,
    /// The entries that the log has as an anchor names them.
    pub entries: u64,
    /// The last sound anchor and its hash, to write down.
    pub last: Option<Remembered>,
    /// The end of what the sound anchors before the first unsound one cover. Later entries are not covered, or not without
    /// a gap.
    pub until: Option<Timestamp>,
    /// The first [`FINDINGS_MAX`] findings.
    pub findings: Vec<Finding>,
    /// Further findings.
    pub more_findings: u64,
}

impl VerifiedAnchors {
    fn found(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more_findings = self.more_findings.saturating_add(1);
        }
    }
}

/// Why anchors were not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyAnchorsError {
    /// The log cannot be read.
    #[error(transparent)]
    Period(#[from] ReadPeriodError),
    /// The anchors cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer release wrote an anchor. Verify with that release.
    #[error("anchor {number} has format {format}, which a newer release wrote; verify with that release")]
    NewerFormat {
        /// Its number.
        number: u64,
        /// Its format.
        format: u64,
    },
}

/// Verifies every anchor of a tenant in order, and compares each sound one with the log. `progress` is called after each
/// page of the log, and may end the verification.
///
/// # Errors
/// When log or anchors cannot be read. What is wrong with them is a finding and not an error.
pub async fn verify_anchors<L, A, C>(
    ports: &Ports<L, A, C>,
    tenant: &TenantId,
    trusted: &[PublicKey],
    remembered: Option<&Remembered>,
    mut progress: impl FnMut(&VerifiedAnchors) -> ControlFlow<()>,
) -> Result<VerifiedAnchors, VerifyAnchorsError>
where
    L: ActivityLog + WorkflowLog,
    A: AnchorStore,
    C: SignatureCheck,
{
    let newest = ports.anchors.newest(tenant).await?.unwrap_or_default();
    let mut verified = VerifiedAnchors { newest, ..VerifiedAnchors::default() };
    let mut sequence = Sequence::new(tenant.clone());
    let mut is_whole = true;
    if let Some(number) = remembered.map(|remembered| remembered.number.get()).filter(|number| *number > newest) {
        verified.found(Finding::Anchor { number, fault: AnchorFault::NotRemembered });
    }
    if newest == 0 {
        // No anchor at all is no proof of anything: who removed all of them must not be told that all is well.
        verified.found(Finding::Anchor { number: 1, fault: AnchorFault::Missing });
    }
    let mut missing = 0;
    while sequence.number() <= newest {
        let number = sequence.number();
        let kept = ports.anchors.get(tenant, number).await?;
        missing = if kept.is_some() { 0 } else { missing + 1 };
        let is_signed = |key: &ChainHash, signed: &SignedAnchor| signed_by(&ports.check, trusted, key, signed);
        let taken = sequence.take(kept.as_deref(), is_signed);
        verified.anchors = verified.anchors.saturating_add(1);
        match taken {
            Ok(manifest) => {
                // What was read is spelt as this makes it, so that the hash is that of the bytes that were signed.
                let hash = manifest.hash().map_err(ReadPeriodError::from)?;
                if remembered.is_some_and(|it| it.number.get() == number && it.hash != hash) {
                    verified.found(Finding::Anchor { number, fault: AnchorFault::NotRemembered });
                    is_whole = false;
                }
                verified.last = NonZeroU64::new(number).map(|number| Remembered { number, hash });
                if is_whole {
                    verified.until = Some(manifest.until);
                }
                if compare(&ports.log, &manifest, &mut verified, &mut progress).await?.is_break() {
                    return Ok(verified);
                }
            }
            Err(TakeError::Fault(fault)) => {
                verified.found(Finding::Anchor { number, fault });
                is_whole = false;
                if missing >= MISSING_IN_A_ROW_MAX {
                    // A file of a stranger may have any number: what lies between is not asked for one by one.
                    sequence.skip_to(newest);
                }
            }
            Err(TakeError::NewerFormat(format)) => return Err(VerifyAnchorsError::NewerFormat { number, format }),
        }
        if progress(&verified).is_break() {
            return Ok(verified);
        }
    }
    Ok(verified)
}

/// Whether the key with this id signed it; none when it is not among those that are trusted.
fn signed_by<C: SignatureCheck>(
    check: &C,
    trusted: &[PublicKey],
    key: &ChainHash,
    signed: &SignedAnchor,
) -> Option<bool> {
    let key = trusted.iter().find(|trusted| key_id(&trusted.0) == *key)?;
    let signature = signed.signature_bytes().map(SignatureBytes);
    Some(signature.is_some_and(|signature| check.verifies(key, signed.manifest.as_bytes(), &signature)))
}

async fn compare<L: ActivityLog + WorkflowLog>(
    log: &L,
    manifest: &Manifest,
    verified: &mut VerifiedAnchors,
    progress: &mut impl FnMut(&VerifiedAnchors) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, VerifyAnchorsError> {
    let mut comparison = Comparison::new(manifest);
    let before = verified.entries;
    let mut period = Period::new(log, &manifest.tenant_id, manifest.from, manifest.until);
    while let Some(page) = period.page().await? {
        for seen in page {
            if let Some(finding) = comparison.see(seen) {
                verified.found(finding);
            }
        }
        verified.entries = before.saturating_add(comparison.compared());
        if progress(verified).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    for leaf in comparison.left() {
        if let Some(finding) = look(log, &manifest.tenant_id, &mut comparison, leaf).await? {
            verified.found(finding);
        }
        if progress(verified).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    verified.entries = before.saturating_add(comparison.compared());
    Ok(ControlFlow::Continue(()))
}

/// What became of an entry that the activity does not show in its period. The log itself is asked for a version.
async fn look<L: WorkflowLog>(
    log: &L,
    tenant: &TenantId,
    comparison: &mut Comparison,
    leaf: Leaf,
) -> Result<Option<Finding>, VerifyAnchorsError> {
    let (Some(workflow_id), Some(version)) = (&leaf.workflow_id, leaf.version) else {
        return Ok(Some(comparison.is_gone(leaf, None)));
    };
    let key = WorkflowKey { tenant_id: tenant.clone(), workflow_id: workflow_id.clone() };
    match log.versions(&key, version, 1).await {
        Ok(found) => {
            if let Some(event) = found.into_iter().map(|stored| stored.event).find(|event| event.version == version) {
                let hash = hash_chain::hash_of(&event).map_err(|error| ReadPeriodError::from(Bug::from(error)))?;
                if hash == leaf.hash && hash == event.hash {
                    comparison.is_there();
                    return Ok(None);
                }
                return Ok(Some(comparison.differs(leaf, hash == event.hash)));
            }
        }
        Err(LogError::Unreadable { version: at, .. }) if at == version => {
            return Ok(Some(comparison.differs(leaf, false)));
        }
        Err(LogError::Unreadable { .. }) => {}
        Err(LogError::Store(error)) => return Err(error.into()),
    }
    let newest = match log.head(&key).await {
        Ok(head) => head.map(|stored| stored.event.version),
        Err(LogError::Unreadable { version, .. }) => Some(version),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    Ok(Some(comparison.is_gone(leaf, newest)))
}
