//! The body of a request: JSON in UTF-8, an object, of a bounded size.

use alims_domain::limits::JSON_DEPTH_MAX;
use jsonptr::Pointer;
use lambda_http::Request;

use crate::reader::faults::Faults;
use crate::reader::fields::Fields;
use crate::reader::{exact_json, headers};

/// How large a body may be, in bytes: metadata and validation context at their largest, with each character beyond ASCII
/// written as an escape, which takes up to six times as much.
pub const BODY_BYTES_MAX: usize = 512 * 1024;
/// How many levels of objects and lists a body may have: those of an object of the caller, and the body itself.
pub const BODY_LEVELS_MAX: usize = JSON_DEPTH_MAX + 1;

/// Reads a body that must be there.
pub fn required(request: &Request, faults: &mut Faults) -> Option<Fields> {
    if is_empty(request) {
        faults.at(Pointer::root(), "is empty; send a JSON object");
        return None;
    }
    read(request, faults)
}

/// Reads a body that may be absent.
pub fn optional(request: &Request, faults: &mut Faults) -> Option<Fields> {
    if is_empty(request) { None } else { read(request, faults) }
}

fn is_empty(request: &Request) -> bool {
    request.body().iter().all(u8::is_ascii_whitespace)
}

fn read(request: &Request, faults: &mut Faults) -> Option<Fields> {
    headers::content_type(request.headers(), faults);
    let bytes: &[u8] = request.body();
    if bytes.len() > BODY_BYTES_MAX {
        faults.too_large(Pointer::root(), "body", BODY_BYTES_MAX);
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let value = exact_json::read(text, BODY_LEVELS_MAX, faults)?;
            Fields::of(value, Pointer::root(), faults)
        }
        Err(error) => {
            faults
                .at(Pointer::root(), format!("must be UTF-8; the first invalid byte is byte {}", error.valid_up_to()));
            None
        }
    }
}
