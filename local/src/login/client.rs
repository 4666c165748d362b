//! The two clients of the provider, and where each may have people sent back to.

use reqwest::Url;

use super::language::Text;

/// The longest address to be sent back to, in bytes.
const REDIRECT_BYTES_MAX: usize = 1024;
/// How an address on this machine begins for a program that listens there: as an address and not as a name, which
/// another program could take over (RFC 8252, sections 7.3 and 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1:", "http://[::1]:"];
/// The page of the console that people come back to.
pub(crate) const CONSOLE_REDIRECT: &str = "/signed-in";

/// A client. Neither has a secret: both prove by PKCE that they made the request (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// The console, served by this server.
    Console,
    /// A command line on this machine.
    CommandLine,
}

impl Client {
    /// Its `client_id`.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Console => "alims-console",
            Self::CommandLine => "alims-cli",
        }
    }

    /// What the sign-in page calls it.
    pub(super) const fn name(self) -> Text {
        match self {
            Self::Console => Text { en: "The console", de: "Die Konsole" },
            Self::CommandLine => {
                Text { en: "A command line on this machine", de: "Eine Befehlszeile auf diesem Rechner" }
            }
        }
    }

    /// The client of this id.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        [Self::Console, Self::CommandLine].into_iter().find(|client| client.id() == id)
    }

    /// The address to send a person back to, if it is this client's own. `origin` is this server's.
    pub(super) fn redirect(self, address: &str, origin: &str) -> Option<Url> {
        // A parser of addresses drops some characters and takes others for a slash: none of those is needed.
        let is_plain =
            address.len() <= REDIRECT_BYTES_MAX && address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let is_own = match self {
            Self::Console => address.strip_prefix(origin) == Some(CONSOLE_REDIRECT),
            Self::CommandLine => LOOPBACK.iter().any(|beginning| address.starts_with(beginning)),
        };
        let url = Url::parse(address).ok().filter(|_| is_plain && is_own)?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_there = self == Self::Console || matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
        (is_bare && is_there).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:3000";

    #[test]
    fn the_console_is_at_one_address_of_this_server() {
        let accepts = |address: &str| Client::Console.redirect(address, ORIGIN).is_some();
        assert!(accepts("http://127.0.0.1:3000/signed-in"));
        for address in [
            "",
            "/signed-in",
            "http://127.0.0.1:3000",
            "http://127.0.0.1:3000/",
            "http://127.0.0.1:3000/signed-in/",
            "http://127.0.0.1:3000/signed-in?a=b",
            "http://127.0.0.1:3000/signed-in#a",
            "http://127.0.0.1:3001/signed-in",
            "http://localhost:3000/signed-in",
            "https://127.0.0.1:3000/signed-in",
            "http://127.0.0.1:3000.evil.example/signed-in",
            "http://127.0.0.1:3000@evil.example/signed-in",
            "https://evil.example/signed-in",
        ] {
            assert!(!accepts(address), "{address}");
        }
    }

    #[test]
    fn a_command_line_listens_on_the_loopback() {
        let accepts = |address: &str| Client::CommandLine.redirect(address, ORIGIN).is_some();
        for address in ["http://127.0.0.1:49152/", "http://127.0.0.1:1/back?a=b", "http://[::1]:8080/back"] {
            assert!(accepts(address), "{address}");
        }
        for address in [
            "",
            "http://127.0.0.1/",
            "http://localhost:8080/",
            "http://127.0.0.1:8080@evil.example/",
            "http://127.0.0.1:x@evil.example:80/",
            "http://127.0.0.1:8080\\@evil.example/",
            "http://127.0.0.1:80\t80/",
            "http://127.0.0.1:8080/#code",
            "http://127.0.0.1.evil.example:80/",
            "http://127.0.0.2:8080/",
            "http://10.0.0.1:8080/",
            "https://127.0.0.1:8080/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://127.0.0.1:99999/",
        ] {
            assert!(!accepts(address), "{address}");
        }
        assert!(!accepts(&format!("http://127.0.0.1:80/{}", "x".repeat(REDIRECT_BYTES_MAX))));
    }
}
