//! Keeps foreign web pages away: a browser on this machine reaches every port of it, on behalf of any page.
//!
//! A page of another origin names it in `Origin`. A page whose name was made to point here (DNS rebinding) is of the
//! same origin to the browser, and names itself in `Host`.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, Uri};
use std::net::IpAddr;
use std::sync::Arc;

/// Why a request may come from a foreign page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It names the server otherwise than people on this machine do.
    Host,
    /// It comes from a page that this server did not serve.
    Origin,
}

impl Foreign {
    /// For the answers of a port that speaks an API of AWS.
    pub(crate) fn as_aws(self) -> (StatusCode, &'static str) {
        match self {
            Self::Host => (
                StatusCode::MISDIRECTED_REQUEST,
                "The server does not go by the name in Host; use 127.0.0.1 or localhost, or start it with --allow-host.",
            ),
            Self::Origin => (StatusCode::FORBIDDEN, "A web page may not call this port."),
        }
    }
}

/// The names of this server.
#[derive(Clone)]
pub(crate) struct Guard {
    names: Arc<[String]>,
}

impl Guard {
    /// The loopback, and these names or addresses.
    pub(crate) fn new(names: &[String]) -> Self {
        Self { names: names.iter().map(|name| bare(name).to_owned()).collect() }
    }

    /// The routes, for requests that no foreign page makes; the others get an answer of `refuse`.
    pub(crate) fn before<R>(&self, routes: Router, refuse: R) -> Router
    where
        R: Fn(Foreign) -> Response + Clone + Send + Sync + 'static,
    {
        let guard = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let checked = guard.check(request.uri(), request.headers()).map_err(&refuse);
            async move {
                match checked {
                    Ok(()) => next.run(request).await,
                    Err(refused) => refused,
                }
            }
        }))
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let host = only(headers, HOST.as_str()).ok_or(Foreign::Host)?;
        // A request to a proxy names the server in its target as well (RFC 9112, section 3.2.2).
        let targeted = uri.authority().map(Authority::as_str);
        if !self.is_ours(host) || !targeted.is_none_or(|target| self.is_ours(target)) {
            return Err(Foreign::Host);
        }
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let origin = only(headers, ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
        let is_own = origin.is_some_and(|(scheme, authority)| {
            matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
        });
        if is_own { Ok(()) } else { Err(Foreign::Origin) }
    }

    /// Whether this is an origin at which a browser reaches this server.
    pub(crate) fn is_own_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|authority| self.is_ours(authority))
    }

    /// Whatever the port: a tunnel or a container engine may have given it another one.
    fn is_ours(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = bare(authority.host());
        let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        !authority.as_str().contains('@')
            && (is_loopback
                || host.eq_ignore_ascii_case("localhost")
                || self.names.iter().any(|name| name.eq_ignore_ascii_case(host)))
    }
}

/// The one value of a header.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn checked(names: &[&str], target: &str, host: &[&str], origin: &[&str]) -> Result<(), Foreign> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for (name, values) in [(HOST, host), (ORIGIN, origin)] {
            for value in values {
                headers.append(&name, HeaderValue::from_str(value).unwrap());
            }
        }
        Guard::new(&names).check(&target.parse().unwrap(), &headers)
    }

    #[test]
    fn a_request_that_names_the_server_as_people_here_do_passes() {
        let hosts = [
            "127.0.0.1:3000",
            "127.0.0.1",
            "localhost:3000",
            "LOCALHOST:80",
            "[::1]:3000",
            "127.9.9.9:1",
            "bridge:8000",
        ];
        for host in hosts {
            assert_eq!(checked(&["bridge", "172.17.0.1"], "/", &[host], &[]), Ok(()), "{host}");
            assert_eq!(checked(&["Bridge"], "/", &[host], &[&format!("http://{host}")]), Ok(()), "{host}");
            assert_eq!(checked(&["bridge"], &format!("http://{host}/"), &[host], &[]), Ok(()), "{host}");
        }
        assert_eq!(checked(&["172.17.0.1"], "/", &["172.17.0.1:8000"], &[]), Ok(()));
        assert_eq!(checked(&["[fd00::1]"], "/", &["[fd00::1]:8000"], &[]), Ok(()));
    }

    #[test]
    fn a_request_with_a_foreign_host_is_refused() {
        for host in [
            "evil.example",
            "evil.example:3000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost.",
            "0.0.0.0:3000",
            "172.17.0.1:8000",
            "10.0.0.1",
            "[::ffff:10.0.0.1]",
            "evil.example@127.0.0.1",
            "127.0.0.1@evil.example",
            "",
            "127.0.0.1, evil.example",
        ] {
            assert_eq!(checked(&[], "/", &[host], &[]), Err(Foreign::Host), "{host}");
        }
        assert_eq!(checked(&[], "/", &[], &[]), Err(Foreign::Host), "no host");
        assert_eq!(checked(&[], "/", &["localhost", "localhost"], &[]), Err(Foreign::Host), "two hosts");
        assert_eq!(checked(&[], "http://evil.example/", &["localhost"], &[]), Err(Foreign::Host), "as its target");
    }

    #[test]
    fn a_request_of_a_foreign_page_is_refused() {
        for origin in [
            "http://evil.example",
            "null",
            "",
            "http://localhost:3000.evil.example",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "file://localhost:3000",
            "localhost:3000",
        ] {
            assert_eq!(checked(&[], "/", &["localhost:3000"], &[origin]), Err(Foreign::Origin), "{origin}");
        }
        let twice = ["http://localhost:3000", "http://localhost:3000"];
        assert_eq!(checked(&[], "/", &["localhost:3000"], &twice), Err(Foreign::Origin), "two origins");
    }
}
