//! Digital signatures under what the service hands to others: anchors of the log, and exports.
//!
//! A signature is ECDSA over P-256 with SHA-256, in ASN.1 DER: what `openssl dgst -sha256 -verify` checks.

use std::fmt;
use std::future::Future;

use crate::ports::failure::Cause;

/// A public key: the DER of its `SubjectPublicKeyInfo` (RFC 5280).
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(pub Vec<u8>);

/// A signature: the DER of an `ECDSA-Sig-Value` (RFC 3279), at most 72 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureBytes(pub Vec<u8>);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bytes)", self.0.len())
    }
}

impl fmt::Debug for SignatureBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureBytes({} bytes)", self.0.len())
    }
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key cannot be reached or used now. The same call may succeed later.
    #[error("the signing key is unavailable")]
    Unavailable(#[source] Cause),
    /// The key refuses: it is disabled, to be deleted, of another kind, or may not be used by this function.
    #[error("the signing key refuses")]
    Refused(#[source] Cause),
}

/// A private key that signs. It never leaves its adapter.
pub trait Signer: Send + Sync {
    /// Signs the SHA-256 of a message. Two signatures of one message differ, and both are valid.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<SignatureBytes, SignerError>> + Send;

    /// The public half. An adapter MUST return the key whose private half [`Signer::sign`] uses.
    fn public_key(&self) -> impl Future<Output = Result<PublicKey, SignerError>> + Send;
}

/// Checks signatures. No private key is needed for it.
pub trait SignatureCheck: Send + Sync {
    /// Whether the signature is one of this message, made with the private half of the key. A key or a signature that
    /// cannot be read verifies nothing.
    fn verifies(&self, key: &PublicKey, message: &[u8], signature: &SignatureBytes) -> bool;
}
