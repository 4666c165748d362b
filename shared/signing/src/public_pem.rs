//! Public keys as files: PEM (RFC 7468), as `openssl` reads and writes them.

use alims_operations::ports::PublicKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use pem::{EncodeConfig, LineEnding, Pem};

/// The PEM label of a `SubjectPublicKeyInfo`.
const PUBLIC_KEY_TAG: &str = "PUBLIC KEY";

/// A text is no public key of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a public key (P-256, `PUBLIC KEY` in PEM); give the file that belongs to the anchors")]
pub struct NotAPublicKey;

/// The key as PEM, in lines of 64 characters.
#[must_use]
pub fn public_key_to_pem(key: &PublicKey) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(PUBLIC_KEY_TAG, key.0.as_slice()), config)
}

/// Reads a key from PEM.
///
/// # Errors
/// When the text is no PEM, or holds something else, such as a private key or one of another kind.
pub fn public_key_from_pem(text: &[u8]) -> Result<PublicKey, NotAPublicKey> {
    let read = pem::parse(text).map_err(|_| NotAPublicKey)?;
    if read.tag() != PUBLIC_KEY_TAG {
        return Err(NotAPublicKey);
    }
    let der = read.into_contents();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der).parse().map_err(|_| NotAPublicKey)?;
    Ok(PublicKey(der))
}
