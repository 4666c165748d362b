//! The check of a signature, with nothing but a public key.

use alims_operations::ports::{PublicKey, SignatureBytes, SignatureCheck};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// Checks signatures of ECDSA over P-256 with SHA-256.
#[derive(Clone, Copy, Debug, Default)]
pub struct EcdsaCheck;

impl SignatureCheck for EcdsaCheck {
    fn verifies(&self, key: &PublicKey, message: &[u8], signature: &SignatureBytes) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.0).verify(message, &signature.0).is_ok()
    }
}
