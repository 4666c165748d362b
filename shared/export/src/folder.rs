//! Exports in a folder of this machine.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    ARCHIVE_NAME, ExportDocument, ExportLink, ExportPlace, ExportStore, ExportUpload, StoreError,
};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes the address of an archive, which works until an instant.
pub type Linker = Arc<dyn Fn(&ExportPlace, Timestamp) -> String + Send + Sync>;

/// Exports below a folder: one folder a tenant, and in it one an export. Files are for their owner alone.
#[derive(Clone)]
pub struct FolderExports {
    root: PathBuf,
    linker: Linker,
}

impl FolderExports {
    /// Exports below this folder, which need not be there yet.
    #[must_use]
    pub fn new(root: PathBuf, linker: Linker) -> Self {
        Self { root, linker }
    }

    /// The archive of an export.
    #[must_use]
    pub fn archive_path(&self, place: &ExportPlace) -> PathBuf {
        self.folder(place).join(ARCHIVE_NAME)
    }

    /// The exports that were asked for and have not ended.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn unfinished(&self) -> io::Result<Vec<ExportPlace>> {
        let mut found = Vec::new();
        for tenant in entries(&self.root)? {
            for export in entries(&tenant)? {
                let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
                let place = name(&tenant)
                    .and_then(|tenant| tenant.parse().ok())
                    .zip(name(&export).and_then(|id| id.parse().ok()));
                let has = |document: ExportDocument| export.join(document.stored_name()).exists();
                if let Some((tenant_id, export_id)) = place
                    && has(ExportDocument::Job)
                    && !has(ExportDocument::Ending)
                {
                    found.push(ExportPlace { tenant_id, export_id });
                }
            }
        }
        Ok(found)
    }

    fn folder(&self, place: &ExportPlace) -> PathBuf {
        self.root.join(place.tenant_id.as_str()).join(place.export_id.to_string())
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A full disk and a missing permission pass, or an operator mends them: the step is repeated.
fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// Opens a new file beside `path` that no other process and no other thread uses.
fn scratch_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let scratch = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok((scratch.clone(), options.open(scratch)?))
}

/// A file is complete before it gets its name, and a hard link fails where a rename would replace a kept file.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let (scratch, mut file) = scratch_beside(path)?;
    let linked = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&scratch, path));
    let _ = fs::remove_file(&scratch);
    match linked {
        Ok(()) => Ok(bytes.to_vec()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read(path),
        Err(error) => Err(error),
    }
}

impl ExportStore for FolderExports {
    type Upload = FolderUpload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        keep(&self.folder(place).join(document.stored_name()), &bytes).map_err(unavailable)
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.folder(place).join(document.stored_name())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn archive(&self, place: &ExportPlace) -> Result<FolderUpload, StoreError> {
        let path = self.archive_path(place);
        let (scratch, file) = scratch_beside(&path).map_err(unavailable)?;
        Ok(FolderUpload { path, scratch, file })
    }

    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        let expires_at = now.later_by_seconds(seconds);
        Ok(ExportLink { url: (self.linker)(place, expires_at), expires_at })
    }
}

/// An archive that is being written to a folder.
#[derive(Debug)]
pub struct FolderUpload {
    path: PathBuf,
    scratch: PathBuf,
    file: File,
}

impl ExportUpload for FolderUpload {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        // Files do not wait, so that a large archive would keep its thread from all other work.
        tokio::task::yield_now().await;
        self.file.write_all(&bytes).map_err(unavailable)
    }

    async fn finish(self) -> Result<(), StoreError> {
        self.file.sync_all().and_then(|()| fs::rename(&self.scratch, &self.path)).map_err(unavailable)
    }
}

/// An archive that was not completed leaves nothing; one that was has no scratch file any more.
impl Drop for FolderUpload {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.scratch);
    }
}
