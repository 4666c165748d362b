//! Signatures with a key in a file or in AWS KMS, and their check: ECDSA over P-256 with SHA-256, in ASN.1 DER.

mod check;
mod file_key;
mod kms_key;
mod public_pem;

pub use check::EcdsaCheck;
pub use file_key::{FileKey, FileKeyError};
pub use kms_key::KmsKey;
pub use public_pem::{NotAPublicKey, public_key_from_pem, public_key_to_pem};
