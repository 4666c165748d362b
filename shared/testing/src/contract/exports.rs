//! The contract of a store of exports: each document is kept once, and an archive has its name when it is complete.

use alims_domain::export::ExportId;
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore, ExportUpload, Ids};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::builders::{IDS, a_fresh_tenant, at};

/// A store of exports whose archives a test can read.
pub trait ExportsStage {
    /// The adapter.
    fn store(&self) -> &impl ExportStore;

    /// The archive of an export, as who has its address gets it; none when there is none.
    fn archive_of(&self, place: &ExportPlace) -> impl Future<Output = Option<Vec<u8>>>;
}

fn a_place() -> ExportPlace {
    // Ids of built values are those of this process only, and the store may be one for several.
    ExportPlace { tenant_id: a_fresh_tenant(), export_id: ExportId::fresh(IDS.fresh()) }
}

/// A later writer gets the bytes of the first one.
pub async fn a_document_is_kept_once_and_all_get_it(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    for document in [ExportDocument::Job, ExportDocument::Part(1), ExportDocument::Ending] {
        assert_eq!(store.keep(&place, document, b"first".to_vec()).await.unwrap(), b"first");
        assert_eq!(store.keep(&place, document, b"second".to_vec()).await.unwrap(), b"first");
        assert_eq!(store.kept(&place, document).await.unwrap().as_deref(), Some(&b"first"[..]));
    }
}

/// One of them wins, and none gets another's bytes.
pub async fn racing_writers_all_get_the_same_document(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    let count = AtomicU64::new(0);
    let racing = (0..8).map(|_| {
        let bytes = format!("writer {}", count.fetch_add(1, Ordering::Relaxed)).into_bytes();
        store.keep(&place, ExportDocument::Progress(7), bytes)
    });
    let got: Vec<Vec<u8>> = join_all(racing).await.into_iter().map(Result::unwrap).collect();
    let kept = store.kept(&place, ExportDocument::Progress(7)).await.unwrap().expect("a document");
    assert!(got.iter().all(|bytes| *bytes == kept), "{got:?}");
}

/// Nothing is no error.
pub async fn a_document_that_was_not_kept_is_none(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    assert_eq!(store.kept(&place, ExportDocument::Job).await.unwrap(), None);
    store.keep(&place, ExportDocument::Part(1), b"one".to_vec()).await.unwrap();
    for document in
        [ExportDocument::Job, ExportDocument::Part(2), ExportDocument::Progress(1), ExportDocument::Signature]
    {
        assert_eq!(store.kept(&place, document).await.unwrap(), None, "{document:?}");
    }
}

/// The same export of another tenant, and another export of the same tenant, have documents of their own.
pub async fn exports_are_kept_apart(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    let of_another = ExportPlace { tenant_id: a_fresh_tenant(), ..place.clone() };
    let another = ExportPlace { export_id: ExportId::fresh(IDS.fresh()), ..place.clone() };
    for (place, bytes) in [(&place, b"a"), (&of_another, b"b"), (&another, b"c")] {
        store.keep(place, ExportDocument::Job, bytes.to_vec()).await.unwrap();
    }
    for (place, bytes) in [(&place, b"a"), (&of_another, b"b"), (&another, b"c")] {
        assert_eq!(store.kept(place, ExportDocument::Job).await.unwrap().as_deref(), Some(&bytes[..]));
    }
}

/// No bytes, every byte, and as many as a part has.
pub async fn every_size_of_a_document_comes_back(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let large = vec![b'x'; 5 * 1024 * 1024];
    for (number, bytes) in (1..).zip([Vec::new(), every, large]) {
        store.keep(&place, ExportDocument::Part(number), bytes.clone()).await.unwrap();
        assert!(store.kept(&place, ExportDocument::Part(number)).await.unwrap() == Some(bytes), "document {number}");
    }
}

/// One that was given up leaves nothing under its name.
pub async fn an_archive_is_there_when_it_is_complete_and_not_before(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    let mut given_up = store.archive(&place).await.unwrap();
    given_up.write(b"half".to_vec()).await.unwrap();
    assert_eq!(stage.archive_of(&place).await, None);
    drop(given_up);
    assert_eq!(stage.archive_of(&place).await, None);
    let mut upload = store.archive(&place).await.unwrap();
    upload.write(b"wh".to_vec()).await.unwrap();
    upload.write(Vec::new()).await.unwrap();
    upload.write(b"ole".to_vec()).await.unwrap();
    upload.finish().await.unwrap();
    assert_eq!(stage.archive_of(&place).await.as_deref(), Some(&b"whole"[..]));
}

/// Two runs of the same export make the same bytes, and the later one replaces the earlier.
pub async fn an_archive_that_is_made_again_replaces_the_first(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    // More than one part of an upload, with a last part that is small.
    let pieces = [vec![b'a'; 6 * 1024 * 1024], vec![b'b'; 6 * 1024 * 1024], b"end".to_vec()];
    for text in [b"1", b"2"] {
        let mut upload = store.archive(&place).await.unwrap();
        for piece in &pieces {
            upload.write(piece.clone()).await.unwrap();
        }
        upload.write(text.to_vec()).await.unwrap();
        upload.finish().await.unwrap();
        let archive = stage.archive_of(&place).await.expect("an archive");
        assert!(archive == [pieces.concat(), text.to_vec()].concat(), "{} bytes", archive.len());
    }
}

/// An address says until when it works.
pub async fn an_address_ends_when_it_was_asked_to(stage: impl ExportsStage) {
    let (store, place) = (stage.store(), a_place());
    store.archive(&place).await.unwrap().finish().await.unwrap();
    let link = store.link(&place, at(0), 300).await.unwrap();
    assert_eq!(link.expires_at, at(300_000));
    assert!(!link.url.is_empty());
}
