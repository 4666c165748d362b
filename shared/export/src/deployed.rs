//! What makes exports in a deployment.

use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{Clock, Ids};
use alims_signing::KmsKey;
use aws_types::SdkConfig;
use std::sync::Arc;
use std::time::Duration;

use crate::s3::S3Exports;
use crate::writer::ZipFormat;

/// The ports of exports that are kept in this bucket and signed with this key of AWS KMS. Each call of the bucket takes so
/// long at most.
#[must_use]
pub fn deployed<L>(
    config: &SdkConfig,
    (bucket, key): (&str, &str),
    patience: Duration,
    log: L,
    (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>),
) -> ExportPorts<L, S3Exports, KmsKey> {
    let (store, signer) = (S3Exports::new(config, bucket, patience), KmsKey::new(config, key));
    ExportPorts { log, store, signer, format: Arc::new(ZipFormat), clock, ids }
}
