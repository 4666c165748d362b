//! The key that signs this folder's tokens: RSA, because API Gateway's authorizer accepts no other kind.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use pem::Pem;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::folder::{DataFolder, FolderError, scratch_beside};

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
        let pem = match std::fs::read(&path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::NotGenerated)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::NotGenerated)?;
                let pem = pem::encode(&Pem::new(PKCS8_TAG, der.as_ref()));
                install(&path, pem.as_bytes()).map_err(FolderError::at(&path))?
            }
            Err(error) => return Err(FolderError::at(&path)(error).into()),
        };
        Self::from_pem(&pem).ok_or(KeyError::NotAKey(path))
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

/// Installs the key if there is none, and returns the installed one.
///
/// The key file is complete before it gets its name, and a hard link fails where a rename would replace an existing
/// file.
fn install(path: &Path, pem: &[u8]) -> io::Result<Vec<u8>> {
    let scratch = scratch_beside(path);
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&scratch)?;
    file.write_all(pem)?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&scratch, path);
    std::fs::remove_file(&scratch)?;
    match linked {
        Ok(()) => Ok(pem.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => std::fs::read(path),
        Err(error) => Err(error),
    }
}
