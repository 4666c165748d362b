//! What a version may have of signatures: those that follow from the version before it.

use crate::event::{EventType, WorkflowEvent};
use crate::identifiers::Version;
use crate::signature::KeptSignature;

/// Whether a version has the signatures that follow from the version before it. Only [`EventType::WorkflowSigned`] adds
/// one, and it signs the version that it continues from and changes no data.
pub(crate) fn signatures_follow(before: &WorkflowEvent, event: &WorkflowEvent) -> bool {
    if before.signatures.is_empty() && event.signature.is_none() {
        return event.signatures.is_empty();
    }
    let (data_before, data) = (before.data(), event.data());
    let kept = before.signatures.over(&data_before, &data);
    match &event.signature {
        None => event.signatures == kept,
        Some(signature) => {
            let added = KeptSignature::new(signature, &event.requested_by, event.timestamp);
            data == data_before
                && signature.signed_version == before.version
                && signature.signed_hash == before.hash
                && kept.with(added).is_ok_and(|list| list == event.signatures)
        }
    }
}

/// Whether a version says itself which version it signs: a signature stands on [`EventType::WorkflowSigned`] and nowhere
/// else, and version 1 has none.
pub(crate) fn signs_as_its_kind(event: &WorkflowEvent) -> bool {
    event.signature.is_some() == (event.event_type == EventType::WorkflowSigned)
        && event.signature.as_ref().is_none_or(|signature| signature.signed_hash == event.previous_hash)
        && (event.version != Version::FIRST || event.signatures.is_empty())
}
