//! Exports in memory, and a signer without a key.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    ExportDocument, ExportLink, ExportPlace, ExportStarter, ExportStore, ExportUpload, PublicKey, SignatureBytes,
    Signer, SignerError, StoreError,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Exports in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryExports(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    documents: HashMap<(ExportPlace, ExportDocument), Vec<u8>>,
    archives: HashMap<ExportPlace, Vec<u8>>,
    started: Vec<ExportPlace>,
    /// How many further effects succeed; all when there is none.
    effects_left: Option<u32>,
}

impl MemoryExports {
    /// Lets so many further effects succeed and every later one fail, until it is called again; none: all succeed.
    pub fn fail_after(&self, effects: Option<u32>) {
        self.0.lock().unwrap().effects_left = effects;
    }

    /// Removes a document, which no port can do.
    pub fn forget(&self, place: &ExportPlace, document: ExportDocument) {
        self.0.lock().unwrap().documents.remove(&(place.clone(), document));
    }

    /// The archive of an export.
    #[must_use]
    pub fn archive_of(&self, place: &ExportPlace) -> Option<Vec<u8>> {
        self.0.lock().unwrap().archives.get(place).cloned()
    }

    /// The exports with which a job was asked to carry on.
    #[must_use]
    pub fn started(&self) -> Vec<ExportPlace> {
        self.0.lock().unwrap().started.clone()
    }

    fn effect<T>(&self, effect: impl FnOnce(&mut Kept) -> T) -> Result<T, StoreError> {
        let mut kept = self.0.lock().unwrap();
        match kept.effects_left {
            Some(0) => return Err(StoreError::Unavailable("an effect that fails".into())),
            Some(left) => kept.effects_left = Some(left - 1),
            None => {}
        }
        Ok(effect(&mut kept))
    }
}

impl ExportStore for MemoryExports {
    type Upload = MemoryUpload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.effect(|kept| kept.documents.entry((place.clone(), document)).or_insert(bytes).clone())
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap().documents.get(&(place.clone(), document)).cloned())
    }

    async fn archive(&self, place: &ExportPlace) -> Result<MemoryUpload, StoreError> {
        Ok(MemoryUpload { exports: self.clone(), place: place.clone(), bytes: Vec::new() })
    }

    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        Ok(ExportLink { url: format!("memory:{}", place.export_id), expires_at: now.later_by_seconds(seconds) })
    }
}

impl ExportStarter for MemoryExports {
    async fn start(&self, place: &ExportPlace) -> Result<(), StoreError> {
        self.effect(|kept| kept.started.push(place.clone()))
    }
}

/// An archive that is being written in memory.
#[derive(Debug)]
pub struct MemoryUpload {
    exports: MemoryExports,
    place: ExportPlace,
    bytes: Vec<u8>,
}

impl ExportUpload for MemoryUpload {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.exports.effect(|_| ())?;
        self.bytes.extend(bytes);
        Ok(())
    }

    async fn finish(self) -> Result<(), StoreError> {
        let Self { exports, place, bytes } = self;
        exports.effect(|kept| kept.archives.insert(place, bytes)).map(drop)
    }
}

/// Signs with the length of the message, which checks nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKey;

impl Signer for NoKey {
    async fn sign(&self, message: &[u8]) -> Result<SignatureBytes, SignerError> {
        Ok(SignatureBytes(message.len().to_string().into_bytes()))
    }

    async fn public_key(&self) -> Result<PublicKey, SignerError> {
        Ok(PublicKey(b"no key".to_vec()))
    }
}
