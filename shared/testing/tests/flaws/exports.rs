//! Stores of exports that break their contract.

use alims_domain::export::ExportId;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{ExportDocument, ExportLink, ExportPlace, ExportStore, ExportUpload, StoreError};
use alims_testing::contract::exports::{self, ExportsStage};
use alims_testing::{MemoryExports, MemoryUpload, SequentialIds};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// How a store of exports breaks its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    ReplacesDocuments,
    GivesEveryWriterItsOwn,
    CallsMissingAnError,
    HasOneDocumentForAll,
    MixesTenants,
    MixesExports,
    ShortensDocuments,
    ShowsHalfAnArchive,
    KeepsTheFirstArchive,
    LosesTheLastPiece,
    EndsAddressesLate,
    GivesNoAddress,
}

#[derive(Default)]
struct BrokenExports {
    inner: MemoryExports,
    flaw: Option<Flaw>,
}

impl BrokenExports {
    /// The place where this store looks.
    fn taken_for(&self, place: &ExportPlace) -> ExportPlace {
        let mut place = place.clone();
        match self.flaw {
            Some(Flaw::MixesTenants) => place.tenant_id = "everybody".parse().unwrap(),
            Some(Flaw::MixesExports) => place.export_id = ExportId::fresh(SequentialIds::numbered(1)),
            Some(_) | None => {}
        }
        place
    }

    fn document(&self, document: ExportDocument) -> ExportDocument {
        if self.flaw == Some(Flaw::HasOneDocumentForAll) { ExportDocument::Job } else { document }
    }
}

impl ExportStore for BrokenExports {
    type Upload = BrokenUpload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let (place, document, mut bytes) = (self.taken_for(place), self.document(document), bytes);
        match self.flaw {
            Some(Flaw::ReplacesDocuments) => self.inner.forget(&place, document),
            Some(Flaw::ShortensDocuments) => bytes.truncate(1024 * 1024),
            Some(_) | None => {}
        }
        let kept = self.inner.keep(&place, document, bytes.clone()).await?;
        Ok(if self.flaw == Some(Flaw::GivesEveryWriterItsOwn) { bytes } else { kept })
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.inner.kept(&self.taken_for(place), self.document(document)).await?;
        match self.flaw {
            Some(Flaw::CallsMissingAnError) if found.is_none() => Err(StoreError::Refused("a flaw".into())),
            Some(_) | None => Ok(found),
        }
    }

    async fn archive(&self, place: &ExportPlace) -> Result<BrokenUpload, StoreError> {
        let upload = self.inner.archive(place).await?;
        Ok(BrokenUpload {
            upload,
            exports: self.inner.clone(),
            place: place.clone(),
            written: Vec::new(),
            flaw: self.flaw,
        })
    }

    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        let mut link = self.inner.link(place, now, seconds).await?;
        match self.flaw {
            Some(Flaw::EndsAddressesLate) => link.expires_at = link.expires_at.later_by_seconds(1),
            Some(Flaw::GivesNoAddress) => link.url.clear(),
            Some(_) | None => {}
        }
        Ok(link)
    }
}

struct BrokenUpload {
    upload: MemoryUpload,
    exports: MemoryExports,
    place: ExportPlace,
    written: Vec<u8>,
    flaw: Option<Flaw>,
}

impl ExportUpload for BrokenUpload {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.written.extend(&bytes);
        if self.flaw == Some(Flaw::ShowsHalfAnArchive) {
            let mut half = self.exports.archive(&self.place).await?;
            half.write(self.written.clone()).await?;
            half.finish().await?;
        }
        // A store takes small pieces only as the last one, and this one forgets that there may be one.
        if self.flaw == Some(Flaw::LosesTheLastPiece) && bytes.len() == 1 {
            return Ok(());
        }
        self.upload.write(bytes).await
    }

    async fn finish(self) -> Result<(), StoreError> {
        if self.flaw == Some(Flaw::KeepsTheFirstArchive) && self.exports.archive_of(&self.place).is_some() {
            return Ok(());
        }
        self.upload.finish().await
    }
}

impl ExportsStage for BrokenExports {
    fn store(&self) -> &impl ExportStore {
        self
    }

    async fn archive_of(&self, place: &ExportPlace) -> Option<Vec<u8>> {
        self.inner.archive_of(place)
    }
}

#[tokio::test]
async fn every_case_of_the_exports_notices_a_flaw() {
    assert_noticed! { BrokenExports:
        ReplacesDocuments by exports::a_document_is_kept_once_and_all_get_it,
        GivesEveryWriterItsOwn by exports::racing_writers_all_get_the_same_document,
        CallsMissingAnError by exports::a_document_that_was_not_kept_is_none,
        HasOneDocumentForAll by exports::a_document_that_was_not_kept_is_none,
        MixesTenants by exports::exports_are_kept_apart,
        MixesExports by exports::exports_are_kept_apart,
        ShortensDocuments by exports::every_size_of_a_document_comes_back,
        ShowsHalfAnArchive by exports::an_archive_is_there_when_it_is_complete_and_not_before,
        KeepsTheFirstArchive by exports::an_archive_that_is_made_again_replaces_the_first,
        LosesTheLastPiece by exports::an_archive_that_is_made_again_replaces_the_first,
        EndsAddressesLate by exports::an_address_ends_when_it_was_asked_to,
        GivesNoAddress by exports::an_address_ends_when_it_was_asked_to,
    }
}
