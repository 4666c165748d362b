//! The token of the person in whose name the smoke test acts. It comes from the environment, a file or the standard
//! input and never from an argument, which every user of the machine can see in the list of processes.

use std::io::Read as _;
use std::path::Path;

use alims_runtime::Settings;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The environment variable with the token.
pub(crate) const TOKEN: &str = "ALIMS_TOKEN";
/// The one with a token that lacks the scopes.
pub(crate) const TOKEN_WITHOUT_SCOPES: &str = "ALIMS_TOKEN_WITHOUT_SCOPES";
/// Longer than any token that API Gateway takes in a header.
const TOKEN_BYTES_MAX: u64 = 16_384;

/// A token; it is never shown.
pub(crate) struct Token(String);

impl Token {
    /// Reads it from a file, where `-` is the standard input, or from the environment.
    ///
    /// # Errors
    /// When there is none, or what is there is no token.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            let found = Self::from_environment(TOKEN)?;
            return found.with_context(|| format!("no token: set {TOKEN}, or name a file with --token-file"));
        };
        let (text, place) = if file == Path::new("-") {
            (limited(std::io::stdin().lock()), "the standard input".to_owned())
        } else {
            let opened = std::fs::File::open(file);
            (opened.and_then(limited), file.display().to_string())
        };
        Self::parsed(&text.with_context(|| format!("cannot read the token from {place}"))?, &place)
    }

    /// Reads it from an environment variable, if that is set.
    ///
    /// # Errors
    /// When what is there is no token.
    pub(crate) fn from_environment(name: &str) -> anyhow::Result<Option<Self>> {
        Settings::from_environment().variables()(name).map(|text| Self::parsed(&text, name)).transpose()
    }

    fn parsed(text: &str, place: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text);
        let three_parts = text.split('.').count() == 3 && text.split('.').all(|part| !part.is_empty());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte));
        anyhow::ensure!(three_parts && plain, "{place} has no token: a signed JSON Web Token has three parts");
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The same claims under another signature.
    pub(crate) fn forged(&self) -> String {
        let signed = self.0.rsplit_once('.').map_or("", |(signed, _)| signed);
        // As long as a signature of RS256.
        format!("{signed}.{}", "A".repeat(342))
    }

    /// A claim as the token says it, unverified: only to explain a refusal.
    pub(crate) fn claim(&self, name: &str) -> Option<Value> {
        let payload = self.0.split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()?.get(name).cloned()
    }
}

fn limited(source: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    source.take(TOKEN_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_is_read_with_its_claims_whatever_stands_around_it() {
        let text = token(r#"{"iss": "https://lab.example", "aud": ["a"]}"#);
        for given in [text.clone(), format!("{text}\n"), format!("Bearer {text}\r\n")] {
            let read = Token::parsed(&given, "here").unwrap();
            assert_eq!(read.text(), text);
            assert_eq!(read.claim("iss").unwrap(), "https://lab.example");
            assert_eq!(read.claim("sub"), None);
            assert_ne!(read.forged(), text);
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_shown() {
        for given in ["", "secret", "a.b", "a..c", "a.b.c.d", "a.b.sec ret", "a.b.\u{e9}"] {
            let Err(error) = Token::parsed(given, "here") else { panic!("{given} is no token") };
            assert!(!error.to_string().contains("sec"), "{error}");
        }
    }
}
