//! A folder over what the port promises.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_anchors::FolderAnchors;
use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorStore, Kept};

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

async fn keeps_its_promises(anchors: impl AnchorStore) {
    let (lab, other) = (tenant("lab"), tenant("lab-2"));
    assert_eq!((anchors.newest(&lab).await.unwrap(), anchors.get(&lab, 1).await.unwrap()), (None, None));
    assert_eq!(anchors.tenants().await.unwrap(), []);
    for number in 1..=5 {
        assert_eq!(anchors.put_new(&lab, number, vec![b'0'; 70_000]).await.unwrap(), Kept::Now);
    }
    assert_eq!(anchors.put_new(&lab, 3, b"another".to_vec()).await.unwrap(), Kept::Already);
    assert_eq!(anchors.get(&lab, 3).await.unwrap(), Some(vec![b'0'; 70_000]), "the first one stays");
    // A gap hides no later one.
    assert_eq!(anchors.put_new(&other, 12, b"twelve".to_vec()).await.unwrap(), Kept::Now);
    let newest = (anchors.newest(&lab).await.unwrap(), anchors.newest(&other).await.unwrap());
    assert_eq!(newest, (Some(5), Some(12)));
    assert_eq!(
        (anchors.get(&other, 1).await.unwrap(), anchors.get(&other, 12).await.unwrap()),
        (None, Some(b"twelve".to_vec()))
    );
    assert_eq!(anchors.tenants().await.unwrap(), [lab, other]);
}

#[tokio::test]
async fn a_folder_keeps_each_anchor_once() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(FolderAnchors::new(folder.path().join("anchors"))).await;
    let left: Vec<_> = std::fs::read_dir(folder.path().join("anchors/lab")).unwrap().collect();
    assert_eq!(left.len(), 5, "nothing half done is left: {left:?}");
}

#[tokio::test]
async fn a_file_in_the_place_of_a_folder_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lab"), "a file").unwrap();
    let anchors = FolderAnchors::new(folder.path().to_owned());
    anchors.put_new(&tenant("lab"), 1, b"one".to_vec()).await.unwrap_err();
    anchors.newest(&tenant("lab")).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(folder.path().join("lab")).unwrap(), "a file");
}
