//! A signing key in a file, for a laptop: PKCS #8 in PEM, for its owner alone.

use alims_operations::ports::{PublicKey, SignatureBytes, Signer, SignerError};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use pem::{EncodeConfig, LineEnding, Pem};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The PEM label of a private key in PKCS #8 (RFC 7468).
const PKCS8_TAG: &str = "PRIVATE KEY";
/// What the group and everybody else may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum FileKeyError {
    /// The file can be neither read nor made.
    #[error("cannot use the signing key {}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A key that others could read proves nothing.
    #[error("other users may read the signing key {}; run: chmod 600 {}", .0.display(), .0.display())]
    OthersMayRead(PathBuf),
    /// The file holds something else. A new key would make every earlier signature one of another key, so the service
    /// makes none in its place.
    #[error("{} is not a P-256 key (PKCS #8 in PEM); restore it from a backup", .0.display())]
    NotAKey(PathBuf),
    /// The library made none.
    #[error("no P-256 key could be generated")]
    NotGenerated,
}

/// A key pair that was read from a file.
#[derive(Clone)]
pub struct FileKey {
    pair: Arc<EcdsaKeyPair>,
}

/// The library's error has no more to say.
#[derive(Debug, thiserror::Error)]
#[error("the library signed nothing")]
struct NotSigned;

impl FileKey {
    /// Reads the key, making one when there is none. Of several processes that do so at once, one makes it and all have
    /// the same. A key that is made has the mode 0600.
    ///
    /// # Errors
    /// When it can be neither read nor made, when others may read it, or when the file holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, FileKeyError> {
        match Self::load(path) {
            Err(FileKeyError::Unusable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        let pkcs8 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).and_then(|pair| pair.to_pkcs8v1());
        let pkcs8 = pkcs8.map_err(|_| FileKeyError::NotGenerated)?;
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let text = pem::encode_config(&Pem::new(PKCS8_TAG, pkcs8.as_ref()), config);
        install(path, text.as_bytes()).map_err(|source| FileKeyError::Unusable { path: path.to_owned(), source })?;
        Self::load(path)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// Those of [`FileKey::load_or_create`]; when there is no file, [`FileKeyError::Unusable`].
    pub fn load(path: &Path) -> Result<Self, FileKeyError> {
        let unusable = |source| FileKeyError::Unusable { path: path.to_owned(), source };
        let text = std::fs::read(path).map_err(unusable)?;
        if others_may_read(path).map_err(unusable)? {
            return Err(FileKeyError::OthersMayRead(path.to_owned()));
        }
        let not_a_key = || FileKeyError::NotAKey(path.to_owned());
        let read = pem::parse(&text).map_err(|_| not_a_key())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, read.contents());
        Ok(Self { pair: Arc::new(pair.map_err(|_| not_a_key())?) })
    }
}

impl Signer for FileKey {
    async fn sign(&self, message: &[u8]) -> Result<SignatureBytes, SignerError> {
        let signed = self.pair.sign(&SystemRandom::new(), message);
        let signed = signed.map_err(|_| SignerError::Unavailable(Box::new(NotSigned)))?;
        Ok(SignatureBytes(signed.as_ref().to_vec()))
    }

    async fn public_key(&self) -> Result<PublicKey, SignerError> {
        let der: Result<PublicKeyX509Der<'_>, _> = self.pair.public_key().as_der();
        let der = der.map_err(|_| SignerError::Refused(Box::new(NotSigned)))?;
        Ok(PublicKey(der.as_ref().to_vec()))
    }
}

impl fmt::Debug for FileKey {
    /// Nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey")
    }
}

/// Installs the key if there is none. The file is complete before it gets its name, and a hard link fails where a rename
/// would replace an existing key.
fn install(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let scratch = path.with_file_name(name);
    #[allow(unused_mut, reason = "a system without modes leaves the options as they are")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let linked = options.create(true).truncate(true).write(true).open(&scratch).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::hard_link(&scratch, path)
    });
    // It may not be there at all.
    let _ = std::fs::remove_file(&scratch);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> io::Result<bool> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path)?.permissions());
    Ok(mode & OTHERS != 0)
}

/// Other systems have other means, which the service leaves to their user.
#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> io::Result<bool> {
    Ok(false)
}
