//! Anchors in a folder: on a laptop, or a copy of a bucket that an auditor took away.

use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorStore, Kept, StoreError};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::names::{name_of, number_of, tenant_of};

/// A folder with a folder for each tenant.
#[derive(Clone, Debug)]
pub struct FolderAnchors {
    root: PathBuf,
}

impl FolderAnchors {
    /// In this folder, which need not be there yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, tenant: &TenantId, number: u64) -> PathBuf {
        self.root.join(tenant.as_str()).join(name_of(number))
    }
}

fn store_error(error: io::Error) -> StoreError {
    let refused = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory);
    if refused { StoreError::Refused(Box::new(error)) } else { StoreError::Unavailable(Box::new(error)) }
}

/// The names in a folder; none when it is not there.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
    Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

impl AnchorStore for FolderAnchors {
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let names = names_in(&self.root).map_err(store_error)?;
        let mut tenants: Vec<TenantId> = names.iter().filter_map(|name| tenant_of(name)).collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    async fn newest_below(&self, tenant: &TenantId, limit: u64) -> Result<Option<u64>, StoreError> {
        let names = names_in(&self.root.join(tenant.as_str())).map_err(store_error)?;
        Ok(names.iter().filter_map(|name| number_of(name)).filter(|number| *number < limit).max())
    }

    async fn get(&self, tenant: &TenantId, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path(tenant, number)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn put_new(&self, tenant: &TenantId, number: u64, bytes: Vec<u8>) -> Result<Kept, StoreError> {
        install(&self.path(tenant, number), &bytes).map_err(store_error)
    }
}

/// The file is complete and on the disk before it gets its name, and a hard link fails where a rename would replace an
/// existing file.
fn install(path: &Path, bytes: &[u8]) -> io::Result<Kept> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    make_private_folder(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let scratch = path.with_file_name(name);
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    let linked = options.create(true).truncate(true).write(true).open(&scratch).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::hard_link(&scratch, path)
    });
    // It may not be there at all.
    let _ = fs::remove_file(&scratch);
    match linked {
        // The name too is on the disk.
        Ok(()) => File::open(folder).and_then(|folder| folder.sync_all()).map(|()| Kept::Now),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Kept::Already),
        Err(error) => Err(error),
    }
}

/// Makes the folder, and those above it that are not there, for their owner alone.
fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
