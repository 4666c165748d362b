//! The witness of a deployment.

use alims_operations::SignedAnchors;
use alims_signing::{EcdsaCheck, KmsKey};
use aws_types::SdkConfig;

use crate::beside_the_index::BesideTheIndex;
use crate::s3::S3Anchors;

/// The newest anchors in this bucket, if they are signed by this key of AWS KMS.
#[must_use]
pub fn deployed_witness(
    config: &SdkConfig,
    bucket: &str,
    key: &str,
) -> BesideTheIndex<SignedAnchors<S3Anchors, KmsKey, EcdsaCheck>> {
    let (anchors, key) = (S3Anchors::new(config, bucket), KmsKey::new(config, key));
    BesideTheIndex(SignedAnchors::new(anchors, key, EcdsaCheck))
}
