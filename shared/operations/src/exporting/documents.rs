//! The documents of an export, as a store keeps them.

use alims_domain::export::{EXPORT_FORMAT, ExportEnding, ExportJob};
use alims_domain::hashing::{ChainHash, canonical_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::exporting::reading::ReadPosition;
use crate::ports::{ExportDocument, ExportPlace, ExportStore, NewerFormat, StoreError};

/// How far a part came. The same stands in the first line of the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    pub(crate) format: u64,
    /// The entries of this part and all before it.
    pub(crate) entries: u64,
    /// Where the next part continues; none of the last part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<ReadPosition>,
}

/// The signature of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedManifest {
    pub(crate) format: u64,
    pub(crate) manifest_sha256: ChainHash,
    /// In hexadecimal digits.
    pub(crate) signature: String,
}

#[derive(Deserialize)]
struct Formatted {
    format: u64,
}

/// Reads a document that says its format.
pub(crate) fn read<T: DeserializeOwned>(document: ExportDocument, bytes: &[u8]) -> Result<T, StoreError> {
    let Formatted { format } = serde_json::from_slice(bytes).map_err(|error| StoreError::Refused(error.into()))?;
    if format > EXPORT_FORMAT {
        return Err(NewerFormat { item: document.stored_name(), format }.into());
    }
    serde_json::from_slice(bytes).map_err(|error| StoreError::Refused(error.into()))
}

/// A document as it is kept.
pub(crate) fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    let json = canonical_json(value).map_err(|error| StoreError::Refused(error.into()))?;
    Ok(json.as_bytes().to_vec())
}

/// The first line and the records of a part.
pub(crate) fn parted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    (first, rest.get(1..).unwrap_or_default())
}

/// The job at a place; none when there is none.
pub(crate) async fn job<X: ExportStore>(store: &X, place: &ExportPlace) -> Result<Option<ExportJob>, StoreError> {
    let kept = store.kept(place, ExportDocument::Job).await?;
    kept.map(|bytes| read(ExportDocument::Job, &bytes)).transpose()
}

/// How the export ended; none while it has not.
pub(crate) async fn ending<X: ExportStore>(store: &X, place: &ExportPlace) -> Result<Option<ExportEnding>, StoreError> {
    let kept = store.kept(place, ExportDocument::Ending).await?;
    kept.map(|bytes| read(ExportDocument::Ending, &bytes)).transpose()
}

/// The number of the last part whose progress is kept, and that progress; none before the first. The parts have no gaps,
/// so the number is found in as many reads as it has binary digits, twice.
pub(crate) async fn last_part<X: ExportStore>(
    store: &X,
    place: &ExportPlace,
) -> Result<Option<(u32, Progress)>, StoreError> {
    let at = async |number: u32| -> Result<Option<Progress>, StoreError> {
        let document = ExportDocument::Progress(number);
        store.kept(place, document).await?.map(|bytes| read(document, &bytes)).transpose()
    };
    let (mut found, mut beyond) = (None, 1_u32);
    while let Some(progress) = at(beyond).await? {
        found = Some((beyond, progress));
        beyond = beyond.saturating_mul(2);
    }
    let Some((mut low, _)) = found else { return Ok(None) };
    while beyond.saturating_sub(low) > 1 {
        let middle = low + (beyond - low) / 2;
        match at(middle).await? {
            Some(progress) => {
                found = Some((middle, progress));
                low = middle;
            }
            None => beyond = middle,
        }
    }
    Ok(found)
}
