//! Reads the newest anchor of a tenant and checks its signature.

use alims_domain::anchor::{Sequence, SignedAnchor, TakeError, key_id};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::TenantId;
use std::sync::{Arc, OnceLock};

use crate::ports::{
    AnchorStore, AnchorWitness, NewerFormat, NewestAnchor, PublicKey, SignatureBytes, SignatureCheck, Signer,
    SignerError, StoreError,
};

/// Anchors, and the key that signs them.
#[derive(Clone, Debug)]
pub struct SignedAnchors<A, S, C> {
    anchors: A,
    signer: S,
    check: C,
    /// The public key, once it was asked for: a signer has one for ever.
    key: Arc<OnceLock<PublicKey>>,
}

impl<A, S: Signer, C> SignedAnchors<A, S, C> {
    /// Those of this store, by this key.
    #[must_use]
    pub fn new(anchors: A, signer: S, check: C) -> Self {
        Self { anchors, signer, check, key: Arc::default() }
    }

    async fn key(&self) -> Result<PublicKey, StoreError> {
        if let Some(key) = self.key.get() {
            return Ok(key.clone());
        }
        let key = self.signer.public_key().await.map_err(|error| match error {
            SignerError::Unavailable(_) => StoreError::Unavailable(Box::new(error)),
            SignerError::Refused(_) => StoreError::Refused(Box::new(error)),
        })?;
        Ok(self.key.get_or_init(|| key).clone())
    }
}

impl<A: AnchorStore, S: Signer, C: SignatureCheck> AnchorWitness for SignedAnchors<A, S, C> {
    async fn newest_anchor(&self, tenant: &TenantId) -> Result<Option<NewestAnchor>, StoreError> {
        let Some(number) = self.anchors.newest(tenant).await? else { return Ok(None) };
        let kept = self.anchors.get(tenant, number).await?;
        let trusted = self.key().await?;
        let is_signed = |key: &ChainHash, signed: &SignedAnchor| {
            let signature = signed.signature_bytes().map(SignatureBytes);
            let signs = |it| self.check.verifies(&trusted, signed.manifest.as_bytes(), &it);
            (key_id(&trusted.0) == *key).then(|| signature.is_some_and(signs))
        };
        match Sequence::alone(tenant.clone(), number).take(kept.as_deref(), is_signed) {
            Ok(manifest) => Ok(Some(NewestAnchor::Sound(Box::new(manifest)))),
            Err(TakeError::Fault(fault)) => Ok(Some(NewestAnchor::Faulty { number, fault })),
            Err(TakeError::NewerFormat(format)) => {
                Err(StoreError::NewerFormat(NewerFormat { item: format!("anchor {number}"), format }))
            }
        }
    }
}
