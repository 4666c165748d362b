//! Wires anchor-heads.

// The types of the SDKs' futures lie deep in each other.
#![recursion_limit = "256"]

use alims_anchors::S3Anchors;
use alims_domain::limits::ANCHOR_ENTRIES_MAX;
use alims_operations::anchor_heads::Ports;
use alims_runtime::{SystemClock, aws_config, carry_out, start};
use alims_signing::KmsKey;
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let (log, index) = (store.log()?, store.index()?);
    let anchors = S3Anchors::new(&aws, &settings.anchor_bucket()?);
    let signer = KmsKey::new(&aws, &settings.signing_key()?);
    let clock = Arc::new(SystemClock);
    let ports = Ports { log, index, anchors, signer, clock, entries_max: ANCHOR_ENTRIES_MAX };
    carry_out(|event| anchor_heads::anchor_heads(&ports, event)).await
}
