//! The data folder: its files, who may read them, and the lock that excludes a second server.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// More than a server writes at its start.
const ROOM_BYTES: usize = 256 * 1024;

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another server works on it.
    #[error("another server is running on the data folder {}; stop it, or choose another folder with --data", .0.display())]
    InUse(PathBuf),
    /// Others could replace what is in it.
    #[error("other users may write to the data folder {}; run: chmod 700 {}", .0.display(), .0.display())]
    OthersMayWrite(PathBuf),
    /// A secret that others could read is none.
    #[error("other users may read {}; remove it to get a new one, or run: chmod 600 {}", .0.display(), .0.display())]
    OthersMayRead(PathBuf),
    /// There is no room for what a server writes at its start.
    #[error("the disk of the data folder {} is full; free some space, or choose another folder with --data", .0.display())]
    Full(PathBuf),
    /// It, or a file in it, cannot be made, read or written.
    #[error("cannot use {}", .path.display())]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl FolderError {
    /// For `map_err` on an operation with `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Unusable { path: path.to_owned(), source }
    }
}

/// A folder with everything one server keeps.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// Opens the folder, making it when it is not there. Only its owner may look into it: it holds a private key.
    ///
    /// # Errors
    /// When it cannot be made, or others may write to it.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        make_private_folder(root)?;
        let mode = mode_of(root).map_err(FolderError::at(root))?;
        if mode & OTHERS_WRITE != 0 {
            return Err(FolderError::OthersMayWrite(root.to_owned()));
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Says that others may look into the folder. It is no reason to refuse it: its files are private themselves.
    pub(crate) fn name_onlookers(&self) {
        if mode_of(&self.root).is_ok_and(|mode| mode & OTHERS != 0) {
            let root = self.root.display();
            tracing::warn!("other users may look into the data folder {root}; to prevent that: chmod 700 {root}");
        }
    }

    /// Reads a secret, installing a fresh one when there is none. Of several processes that do so at once, one installs
    /// its own and all get the same.
    ///
    /// # Errors
    /// Those of `fresh`; and when the secret can be neither read nor written, or others may read it.
    pub(crate) fn secret<E: From<FolderError>>(
        &self,
        path: &Path,
        fresh: impl FnOnce() -> Result<String, E>,
    ) -> Result<Vec<u8>, E> {
        let at = || FolderError::at(path);
        match std::fs::read(path) {
            Ok(secret) => {
                if mode_of(path).map_err(at())? & OTHERS != 0 {
                    return Err(FolderError::OthersMayRead(path.to_owned()).into());
                }
                Ok(secret)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(install(path, fresh()?.as_bytes()).map_err(at())?)
            }
            Err(error) => Err(at()(error).into()),
        }
    }

    /// Locks the folder for this server, until the lock is dropped or the process ends in any way.
    ///
    /// # Errors
    /// [`FolderError::InUse`] when another server has it.
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let path = self.root.join("lock");
        let file = private().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(FolderError::at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(self.root.clone())),
            Err(TryLockError::Error(source)) => Err(FolderError::Unusable { path, source }),
        }
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether the disk has no room, which a library's error text may hide.
    pub(crate) fn is_full(&self) -> bool {
        let path = self.root.join("room");
        let written = replace(&path, &vec![0; ROOM_BYTES]);
        let _ = std::fs::remove_file(&path);
        written.is_err_and(|error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Log and index.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("dynamodb.sqlite")
    }

    /// The key that signs tokens.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join("key")
    }

    /// The anchors of the log.
    #[must_use]
    pub fn anchors(&self) -> PathBuf {
        self.root.join("anchors")
    }

    /// The key that signs anchors and exports. Its public half is beside it.
    #[must_use]
    pub fn signing_key(&self) -> PathBuf {
        self.root.join("signing-key")
    }

    /// The public half of the key that signs anchors and exports.
    #[must_use]
    pub fn signing_key_public(&self) -> PathBuf {
        self.root.join("signing-key.pub")
    }

    /// The PIN with which people sign in at this server's page.
    #[must_use]
    pub fn pin(&self) -> PathBuf {
        self.root.join("pin")
    }

    /// The key of the database's and the bus's ports, as the SDKs share credentials.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.root.join("credentials")
    }

    /// The rules and policies that the server brings along, when it uses them. Written anew at each start.
    #[must_use]
    pub fn shipped(&self) -> PathBuf {
        shipped_in(&self.root)
    }

    /// Every event the bus accepted.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.root.join("events.sqlite")
    }

    /// The file with the checkpoint of the log's stream.
    #[must_use]
    pub fn stream_checkpoint(&self) -> PathBuf {
        self.root.join("stream-checkpoint.json")
    }

    /// Where the running server's database and bus are reached. There only while it runs, unless it was killed.
    #[must_use]
    pub fn endpoints(&self) -> PathBuf {
        self.root.join("endpoints.json")
    }

    /// The environment file of `sam local`. There only while a server runs that serves containers, unless it was killed.
    #[must_use]
    pub fn sam_environment(&self) -> PathBuf {
        self.root.join("sam-local.env.json")
    }

    /// The exports and their archives.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.root.join("exports")
    }

    /// What could not be published, one a line.
    #[must_use]
    pub fn dead_letters(&self) -> PathBuf {
        self.root.join("dead-letters.jsonl")
    }
}

/// The folder of what the server brings along, in a data folder that need not be there yet.
pub(crate) fn shipped_in(data: &Path) -> PathBuf {
    data.join("shipped")
}

/// Keeps a data folder for one server.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// A name beside `path` that no other process and no other thread uses.
pub(crate) fn scratch_beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

/// Writes `bytes` to `path` atomically: a reader sees the old content or the new one, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let scratch = scratch_beside(path);
    let written = private().create(true).truncate(true).write(true).open(&scratch).and_then(|mut file| {
        file.write_all(bytes)?;
        std::fs::rename(&scratch, path)
    });
    if written.is_err() {
        // It may not be there at all. A full disk must not collect what did not fit.
        let _ = std::fs::remove_file(&scratch);
    }
    written
}

/// Makes the folder, and those above it that are not there, for their owner alone.
pub(crate) fn make_private_folder(path: &Path) -> Result<(), FolderError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FolderError::at(path))
}

/// Makes the file, if it is not there, for a library that would make one that others may read. What `SQLite` puts
/// beside a database has the database's mode.
pub(crate) fn make_private(path: &Path) -> Result<(), FolderError> {
    private().create(true).append(true).open(path).map(drop).map_err(FolderError::at(path))
}

/// How files are opened: those that are made are for their owner alone.
pub(crate) fn private() -> OpenOptions {
    #[allow(unused_mut, reason = "a system without modes leaves the options as they are")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Installs a secret if there is none, and returns the installed one.
///
/// The file is complete before it gets its name, and a hard link fails where a rename would replace an existing file.
fn install(path: &Path, secret: &[u8]) -> io::Result<Vec<u8>> {
    let scratch = scratch_beside(path);
    let linked = private().create(true).truncate(true).write(true).open(&scratch).and_then(|mut file| {
        file.write_all(secret)?;
        file.sync_all()?;
        std::fs::hard_link(&scratch, path)
    });
    // It may not be there at all.
    let _ = std::fs::remove_file(&scratch);
    match linked {
        Ok(()) => Ok(secret.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => std::fs::read(path),
        Err(error) => Err(error),
    }
}

/// What its group and everybody else may do with a file.
const OTHERS: u32 = 0o077;
/// Whether they may write to it.
const OTHERS_WRITE: u32 = 0o022;

#[cfg(unix)]
fn mode_of(path: &Path) -> io::Result<u32> {
    Ok(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path)?.permissions()))
}

/// Other systems have other means, which this server leaves to their user.
#[cfg(not(unix))]
fn mode_of(_path: &Path) -> io::Result<u32> {
    Ok(0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_that_fails_leaves_nothing_behind_and_the_old_file_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        // A folder has the name, so that the last step fails.
        let taken = folder.path().join("taken");
        std::fs::create_dir_all(taken.join("in use")).unwrap();
        replace(&taken, b"new").unwrap_err();
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(!DataFolder::open(folder.path()).unwrap().is_full());
    }
}
