//! The body of a request: a JSON object in UTF-8, of a bounded size.

use alims_domain::limits::JSON_DEPTH_MAX;
use jsonptr::Pointer;
use lambda_http::Request;

use crate::reader::faults::Faults;
use crate::reader::fields::Fields;
use crate::reader::stated::Stated;
use crate::reader::{exact_json, headers};

/// The maximum size of a body, in bytes: the largest metadata and validation context, with each character beyond ASCII
/// written as an escape, which is up to six times as long.
pub const BODY_BYTES_MAX: usize = 512 * 1024;
/// The maximum number of levels of objects and lists in a body: those of a caller's object, and the body itself.
pub const BODY_LEVELS_MAX: usize = JSON_DEPTH_MAX + 1;

/// Reads a required body. What it says again of path and token must be what they say.
pub fn required(request: &Request, stated: Stated<'_>, faults: &mut Faults) -> Option<Fields> {
    required_of_items(request, stated, 0, faults)
}

/// The same where the callers' objects stand in items, so many levels further down.
pub fn required_of_items(
    request: &Request,
    stated: Stated<'_>,
    further_levels: usize,
    faults: &mut Faults,
) -> Option<Fields> {
    if is_empty(request) {
        faults.at(Pointer::root(), "is empty; send a JSON object");
        return None;
    }
    read(request, stated, BODY_LEVELS_MAX + further_levels, faults)
}

/// Reads an optional body. What it says again of path and token must be what they say.
pub fn optional(request: &Request, stated: Stated<'_>, faults: &mut Faults) -> Option<Fields> {
    if is_empty(request) { None } else { read(request, stated, BODY_LEVELS_MAX, faults) }
}

fn is_empty(request: &Request) -> bool {
    request.body().iter().all(u8::is_ascii_whitespace)
}

fn read(request: &Request, stated: Stated<'_>, levels: usize, faults: &mut Faults) -> Option<Fields> {
    let readable = headers::representation(request.headers(), faults);
    let bytes: &[u8] = request.body();
    if bytes.len() > BODY_BYTES_MAX {
        faults.too_large(Pointer::root(), "body", BODY_BYTES_MAX);
        return None;
    }
    // What is not JSON by its header has no faults of its own.
    if !readable {
        return None;
    }
    if let Some(fault) = foreign(bytes) {
        faults.at(Pointer::root(), fault);
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let value = exact_json::read(text, levels, faults)?;
            let mut body = Fields::of(value, Pointer::root(), faults)?;
            stated.compare(&mut body, faults);
            Some(body)
        }
        Err(error) => {
            faults
                .at(Pointer::root(), format!("must be UTF-8; the first invalid byte is byte {}", error.valid_up_to()));
            None
        }
    }
}

/// The marks of what programs send in place of JSON in UTF-8.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some("begins with a byte order mark (BOM); send JSON without it"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("is UTF-16; send JSON in UTF-8"),
        [0x1f, 0x8b, ..] => Some("is compressed with gzip; send it uncompressed"),
        _ => None,
    }
}
