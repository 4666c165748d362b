//! The parameters of a query or a form: bounded, and each at most once.

use axum::extract::Request;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::language::{Text, UI_LOCALES};

/// The longest query or form, in bytes. The longest that a client of this provider sends has a twentieth of it.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 2048;
/// The one parameter that may come more than once: the boxes of the sign-in page.
const REPEATABLE: &str = "role";

/// The parameters of one request.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

/// Why no parameters can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParametersRefused {
    /// The whole, or a value, is too long.
    TooLong,
    /// A parameter comes more than once: two readers could take different ones (RFC 6749, section 3.1).
    Repeated,
}

impl ParametersRefused {
    /// What is wrong, then what to do.
    pub(super) const fn text(self) -> Text {
        match self {
            Self::TooLong => Text {
                en: "The request is too long. Send at most 2,048 bytes in a parameter.",
                de: "Die Anfrage ist zu lang. Senden Sie höchstens 2.048 Bytes in einem Parameter.",
            },
            Self::Repeated => Text {
                en: "A parameter comes more than once. Send each parameter once.",
                de: "Ein Parameter kommt mehrfach vor. Senden Sie jeden Parameter einmal.",
            },
        }
    }
}

impl Parameters {
    /// Reads `name=value&…`.
    pub(super) fn read(text: &[u8]) -> Result<Self, ParametersRefused> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(ParametersRefused::TooLong);
        }
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if name.len() > VALUE_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
                return Err(ParametersRefused::TooLong);
            }
            if name != REPEATABLE && read.iter().any(|(known, _)| *known == name) {
                return Err(ParametersRefused::Repeated);
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// A parameter's value. One without a value counts as missing (RFC 6749, section 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

/// Why a form is not read.
pub(super) struct FormRefused {
    pub(super) status: StatusCode,
    pub(super) why: Text,
    /// The languages that it asks for, as far as it can be read.
    pub(super) locales: Option<String>,
}

/// The first value of a parameter in what is refused as a whole.
pub(super) fn first_value(text: &[u8], name: &str) -> Option<String> {
    let text = text.get(..TEXT_BYTES_MAX).unwrap_or(text);
    form_urlencoded::parse(text).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Reads a form.
pub(super) async fn form(request: Request) -> Result<Parameters, FormRefused> {
    const NO_FORM: Text = Text {
        en: "The body is no form. Send application/x-www-form-urlencoded.",
        de: "Der Inhalt der Anfrage ist kein Formular. Senden Sie application/x-www-form-urlencoded.",
    };
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(FormRefused { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, why: NO_FORM, locales: None });
    }
    let too_long = |_| FormRefused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        why: ParametersRefused::TooLong.text(),
        locales: None,
    };
    let body = axum::body::to_bytes(request.into_body(), TEXT_BYTES_MAX).await.map_err(too_long)?;
    Parameters::read(&body).map_err(|refused| FormRefused {
        status: StatusCode::BAD_REQUEST,
        why: refused.text(),
        locales: first_value(&body, UI_LOCALES),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_comes_once_and_without_a_value_not_at_all() {
        let read = Parameters::read(b"a=1&b=&role=x&role=y&c=%26%20").unwrap();
        assert_eq!((read.get("a"), read.get("b"), read.get("c"), read.get("d")), (Some("1"), None, Some("& "), None));
        assert_eq!(read.all("role").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(Parameters::read(b"a=1&a=1").unwrap_err(), ParametersRefused::Repeated);
        assert_eq!(Parameters::read(b"a=&%61=1").unwrap_err(), ParametersRefused::Repeated);
    }

    #[test]
    fn what_is_huge_is_refused() {
        let of = |length: usize| format!("a={}", "x".repeat(length));
        assert!(Parameters::read(of(VALUE_BYTES_MAX).as_bytes()).is_ok());
        assert_eq!(Parameters::read(of(VALUE_BYTES_MAX + 1).as_bytes()).unwrap_err(), ParametersRefused::TooLong);
        let many = "a&".repeat(TEXT_BYTES_MAX);
        assert_eq!(Parameters::read(many.as_bytes()).unwrap_err(), ParametersRefused::TooLong);
    }
}
