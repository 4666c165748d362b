//! The key that signs this folder's tokens: RSA, because API Gateway's authorizer accepts no other kind.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use pem::Pem;

use crate::folder::{DataFolder, FolderError};

/// The PEM label of a private key in PKCS #8 (RFC 7468).
const PKCS8_TAG: &str = "PRIVATE KEY";

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file holds something else.
    #[error("{} is not an RSA key (PKCS #8 in PEM); remove it to get a new key, which invalidates all tokens", .0.display())]
    NotAKey(std::path::PathBuf),
    /// The library made none.
    #[error("no RSA key could be generated")]
    NotGenerated,
}

/// The private key, and its public half as others see it.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) encoding: EncodingKey,
    pub(crate) jwk: Jwk,
    pub(crate) id: String,
}

impl SigningKey {
    /// Reads the folder's key, making one when there is none. Of several processes that do so at once, one makes it
    /// and all have the same.
    ///
    /// # Errors
    /// When the key can be neither read nor made.
    pub fn load_or_create(folder: &DataFolder) -> Result<Self, KeyError> {
        let path = folder.key();
        let fresh = || {
            let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::NotGenerated)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::NotGenerated)?;
            Ok::<_, KeyError>(pem::encode(&Pem::new(PKCS8_TAG, der.as_ref())))
        };
        Self::from_pem(&folder.secret(&path, fresh)?).ok_or(KeyError::NotAKey(path))
    }

    /// Parses a private key; none when it is invalid.
    fn from_pem(pem: &[u8]) -> Option<Self> {
        let encoding = EncodingKey::from_rsa_pem(pem).ok()?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256).ok()?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Some(Self { encoding, jwk, id })
    }

    /// The key set that verifies this key's tokens (RFC 7517).
    #[must_use]
    pub fn public_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.jwk.clone()] }
    }
}
