//! Anchors on a laptop: a folder and a key in the data folder. They show how anchors work. Who may change the log here may
//! change both too, so that a laptop's anchors prove as much as a copy of them elsewhere does.

use alims_anchors::FolderAnchors;
use alims_domain::limits::ANCHOR_ENTRIES_MAX;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::anchor_heads::Ports;
use alims_operations::ports::{Clock, Signer};
use alims_operations::{PublishPorts, SignedAnchors};
use alims_signing::{EcdsaCheck, FileKey, public_key_to_pem};
use std::sync::Arc;

use crate::bus::LocalBus;
use crate::folder::{DataFolder, FolderError, replace};
use crate::start_error::StartError;

/// The ports of anchor-heads on a laptop.
pub(crate) type AnchorPorts = Ports<DynamoLog, DynamoIndex, FolderAnchors, FileKey>;

/// What a verification of one history reads.
pub(crate) type LocalWitness = SignedAnchors<FolderAnchors, FileKey, EcdsaCheck>;

/// The anchors that these ports make, as a verification reads them.
pub(crate) fn witness(ports: &AnchorPorts) -> LocalWitness {
    SignedAnchors::new(ports.anchors.clone(), ports.signer.clone(), EcdsaCheck)
}

/// The key that signs. It is made once: a new one in the place of a lost one would make every earlier anchor and export
/// one of another key.
pub(crate) fn signer(folder: &DataFolder) -> Result<FileKey, StartError> {
    let (private, public) = (folder.signing_key(), folder.signing_key_public());
    if public.exists() && !private.exists() {
        return Err(StartError::SigningKeyGone { private, public });
    }
    Ok(FileKey::load_or_create(&private)?)
}

/// The ports over these stores. Makes the key when there is none, and writes its public half beside it.
pub(crate) async fn ports(
    folder: &DataFolder,
    publishes: &PublishPorts<DynamoLog, DynamoIndex, LocalBus>,
    clock: Arc<dyn Clock>,
) -> Result<AnchorPorts, StartError> {
    let signer = signer(folder)?;
    let public = signer.public_key().await.map_err(|error| StartError::Bug(error.to_string()))?;
    let path = folder.signing_key_public();
    replace(&path, public_key_to_pem(&public).as_bytes()).map_err(FolderError::at(&path))?;
    Ok(Ports {
        log: publishes.log.clone(),
        index: publishes.index.clone(),
        anchors: FolderAnchors::new(folder.anchors()),
        signer,
        clock,
        entries_max: ANCHOR_ENTRIES_MAX,
    })
}
