//! The address of an engine: the part before the paths of its interface.

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address such as `https://rules.example.org/lab-1`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    uri: Uri,
}

/// Why a text is not the address of an engine; it completes a sentence that names the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EndpointInvalid(String);

impl Endpoint {
    /// Whether it is talked to over TLS.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether it is on this machine, where the connection cannot be intercepted.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// A path of the engine's interface, which begins with a slash.
    pub(crate) fn uri(&self, path: &str) -> Result<Uri, http::uri::InvalidUri> {
        format!("{}{path}", self.base).parse()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |what: &str| EndpointInvalid(what.to_owned());
        let uri: Uri = text.parse().map_err(|error| EndpointInvalid(format!("is not a URL: {error}")))?;
        if !uri.scheme().is_some_and(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme)) {
            return Err(invalid("must begin with https:// or http://"));
        }
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return Err(invalid("must not hold a password: it would be in every log"));
        }
        if uri.host().unwrap_or_default().is_empty() || HeaderValue::from_str(authority).is_err() {
            return Err(invalid("names no host"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(invalid("must end with its path: the paths of the interface are put behind it"));
        }
        Ok(Self { base: text.trim_end_matches('/').to_owned(), uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_behind_it() {
        for (base, whole) in [
            ("http://localhost:8080", "http://localhost:8080/v1/x"),
            ("http://localhost:8080/", "http://localhost:8080/v1/x"),
            ("https://rules.example.org/lab/", "https://rules.example.org/lab/v1/x"),
        ] {
            let endpoint: Endpoint = base.parse().expect("an endpoint");
            assert_eq!(endpoint.uri("/v1/x").expect("a URI").to_string(), whole);
        }
    }

    #[test]
    fn a_text_that_is_no_address_of_an_engine_is_refused() {
        let bad = [
            "",
            "rules",
            "/rules",
            "localhost:8080",
            "ftp://x",
            "http://",
            "http://u:p@x",
            "http://x/?a=b",
            "http://x#y",
            "http://x y",
        ];
        for text in bad {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let here = |text: &str| text.parse::<Endpoint>().expect("an endpoint").is_on_this_machine();
        assert!(["http://127.0.0.1:1", "http://localhost", "http://[::1]:80/x"].into_iter().all(here));
        assert!(!["http://10.0.0.1", "http://localhost.example.org", "http://127.0.0.1.nip.io"].into_iter().any(here));
    }
}
