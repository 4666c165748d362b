//! The data folder: its files, and the lock that excludes a second server.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another server works on it.
    #[error("another server is running on the data folder {}; stop it, or choose another folder with --data", .0.display())]
    InUse(PathBuf),
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
    /// When it cannot be made.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(root).map_err(FolderError::at(root))?;
        Ok(Self { root: root.to_owned() })
    }

    /// Locks the folder for this server, until the lock is dropped or the process ends in any way.
    ///
    /// # Errors
    /// [`FolderError::InUse`] when another server has it.
    pub fn lock(&self) -> Result<FolderLock, FolderError> {
        let path = self.root.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(FolderError::at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(self.root.clone())),
            Err(TryLockError::Error(source)) => Err(FolderError::Unusable { path, source }),
        }
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

    /// What could not be published, one a line.
    #[must_use]
    pub fn dead_letters(&self) -> PathBuf {
        self.root.join("dead-letters.jsonl")
    }
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
    let mut file = File::create(&scratch)?;
    file.write_all(bytes)?;
    std::fs::rename(&scratch, path)
}
