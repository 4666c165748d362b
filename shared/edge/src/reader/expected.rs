//! The versions that a caller decided on: named by the header `If-Match`, by the body, or by both.

use alims_domain::expected_versions::ExpectedVersions;
use http::HeaderMap;

use crate::reader::faults::Faults;
use crate::reader::fields::{self, Fields};
use crate::reader::headers::{self, IfMatch};

/// The versions that `If-Match` names, if it names any. `*` asks for no version: that the workflow exists is a condition
/// of every request on it.
pub fn matched_versions(headers: &HeaderMap, faults: &mut Faults) -> Option<ExpectedVersions> {
    match headers::if_match(headers, faults) {
        Some(IfMatch::OneOf(versions)) => Some(versions),
        Some(IfMatch::Exists) | None => None,
    }
}

/// Takes `expected_version` from the body, which must be one that the header names, if that names any.
pub fn expected_versions(
    body: &mut Fields,
    matched: Option<ExpectedVersions>,
    faults: &mut Faults,
) -> Option<ExpectedVersions> {
    let named = body.optional("expected_version", fields::version, faults);
    match (matched, named) {
        (Some(matched), Some(named)) if matched.contain(named) => Some(named.into()),
        (Some(matched), named) => {
            // A header that no version can meet is a failed precondition, whatever the body says.
            if named.is_some() && !matched.are_none() {
                faults.at(&body.place_of("expected_version"), "is not a version that the header if-match names");
            }
            Some(matched)
        }
        (None, named) => named.map(ExpectedVersions::from),
    }
}
