//! A bearer token, which is sent and never shown.

use http::HeaderValue;
use std::fmt;

/// A token as it appears in the header, marked so that it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(HeaderValue);

impl BearerToken {
    /// Accepts a token; none when it is not valid in a header.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        // The characters of RFC 6750's b64token: a line break read from a file would otherwise pass unnoticed.
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        if token.is_empty() || !token.chars().all(allowed) {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// The value of the header.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}
