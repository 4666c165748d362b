//! The folder keeps the contract of a store of exports.

use alims_export::FolderExports;
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore};
use alims_testing::contract::exports::ExportsStage;
use std::fs;
use tempfile::TempDir;

use crate::made::{of_everything, store_in};

/// A folder that goes with the test.
struct InAFolder {
    store: FolderExports,
    _folder: TempDir,
}

impl ExportsStage for InAFolder {
    fn store(&self) -> &impl ExportStore {
        &self.store
    }

    async fn archive_of(&self, place: &ExportPlace) -> Option<Vec<u8>> {
        fs::read(self.store.archive_path(place)).ok()
    }
}

fn a_folder() -> InAFolder {
    let folder = tempfile::tempdir().unwrap();
    InAFolder { store: store_in(folder.path()), _folder: folder }
}

alims_testing::exports_contract!(a_folder());

#[tokio::test]
async fn only_jobs_that_have_not_ended_are_unfinished() {
    let InAFolder { store, _folder: folder } = a_folder();
    assert!(store.unfinished().unwrap().is_empty());
    let place = ExportPlace::of(&of_everything());
    store.keep(&place, ExportDocument::Part(1), b"a part whose job is gone".to_vec()).await.unwrap();
    fs::write(folder.path().join("exports/a file"), "").unwrap();
    fs::create_dir_all(folder.path().join("exports/default/no export")).unwrap();
    assert!(store.unfinished().unwrap().is_empty());
    store.keep(&place, ExportDocument::Job, b"{}".to_vec()).await.unwrap();
    assert_eq!(store.unfinished().unwrap(), std::slice::from_ref(&place));
    store.keep(&place, ExportDocument::Ending, b"{}".to_vec()).await.unwrap();
    assert!(store.unfinished().unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let InAFolder { store, _folder: _kept } = a_folder();
    let place = ExportPlace::of(&of_everything());
    store.keep(&place, ExportDocument::Job, b"{}".to_vec()).await.unwrap();
    let path = store.archive_path(&place).with_file_name("job.json");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}
