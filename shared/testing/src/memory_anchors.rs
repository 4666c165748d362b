//! Anchors in memory, and a key that signs with no secret.

use alims_domain::anchor::{Manifest, SignedAnchor};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::TenantId;
use alims_operations::SignedAnchors;
use alims_operations::ports::{
    AnchorStore, Kept, PublicKey, SignatureBytes, SignatureCheck, Signer, SignerError, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The bytes of anchors by tenant and number.
type ByNumber = BTreeMap<(TenantId, u64), Vec<u8>>;

/// Anchors in memory. Clones share them. A test may change and remove them, which the port cannot.
#[derive(Clone, Debug, Default)]
pub struct MemoryAnchors {
    kept: Arc<Mutex<ByNumber>>,
}

impl MemoryAnchors {
    /// Puts bytes in the place of an anchor, or of none.
    pub fn overwrite(&self, tenant: &TenantId, number: u64, bytes: Vec<u8>) {
        self.kept.lock().unwrap().insert((tenant.clone(), number), bytes);
    }

    /// Removes an anchor.
    pub fn remove(&self, tenant: &TenantId, number: u64) {
        self.kept.lock().unwrap().remove(&(tenant.clone(), number)).expect("an anchor");
    }

    /// The bytes of an anchor.
    #[must_use]
    pub fn bytes(&self, tenant: &TenantId, number: u64) -> Vec<u8> {
        self.kept.lock().unwrap().get(&(tenant.clone(), number)).expect("an anchor").clone()
    }

    /// What an anchor says.
    #[must_use]
    pub fn manifest(&self, tenant: &TenantId, number: u64) -> Manifest {
        Manifest::read(&SignedAnchor::read(&self.bytes(tenant, number)).unwrap().manifest).unwrap()
    }
}

impl AnchorStore for MemoryAnchors {
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let tenants: BTreeSet<TenantId> = self.kept.lock().unwrap().keys().map(|(tenant, _)| tenant.clone()).collect();
        Ok(tenants.into_iter().collect())
    }

    async fn newest_below(&self, tenant: &TenantId, limit: u64) -> Result<Option<u64>, StoreError> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.keys().filter(|(of, _)| of == tenant).map(|(_, number)| *number).filter(|number| *number < limit).max())
    }

    async fn get(&self, tenant: &TenantId, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept.lock().unwrap().get(&(tenant.clone(), number)).cloned())
    }

    async fn put_new(&self, tenant: &TenantId, number: u64, bytes: Vec<u8>) -> Result<Kept, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let key = (tenant.clone(), number);
        if kept.contains_key(&key) {
            return Ok(Kept::Already);
        }
        kept.insert(key, bytes);
        Ok(Kept::Now)
    }
}

/// A key whose signature is a hash of the key's name and the message: enough for the service, and no secret.
#[derive(Clone, Copy, Debug)]
pub struct NamedKey(pub &'static str);

impl NamedKey {
    /// The public key.
    #[must_use]
    pub fn public(self) -> PublicKey {
        PublicKey(self.0.as_bytes().to_vec())
    }

    /// The signature of a message.
    #[must_use]
    pub fn signature(self, message: &[u8]) -> SignatureBytes {
        signature(self.0.as_bytes(), message)
    }
}

fn signature(key: &[u8], message: &[u8]) -> SignatureBytes {
    SignatureBytes(ChainHash::of(&[key, b"#", message].concat()).as_str().as_bytes().to_vec())
}

impl Signer for NamedKey {
    async fn sign(&self, message: &[u8]) -> Result<SignatureBytes, SignerError> {
        Ok(self.signature(message))
    }

    async fn public_key(&self) -> Result<PublicKey, SignerError> {
        Ok(self.public())
    }
}

/// Anchors in memory, and the key that signs them.
pub type MemoryWitness = SignedAnchors<MemoryAnchors, NamedKey, NamedKeyCheck>;

/// No anchors, and a key that signed none.
#[must_use]
pub fn no_anchors() -> MemoryWitness {
    SignedAnchors::new(MemoryAnchors::default(), NamedKey("the key"), NamedKeyCheck)
}

/// The check that belongs to [`NamedKey`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NamedKeyCheck;

impl SignatureCheck for NamedKeyCheck {
    fn verifies(&self, key: &PublicKey, message: &[u8], signed: &SignatureBytes) -> bool {
        signature(&key.0, message) == *signed
    }
}
