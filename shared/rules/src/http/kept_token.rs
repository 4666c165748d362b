//! A token that is kept elsewhere: read once, and again when the engine no longer takes it.
//!
//! So a token can be replaced while functions run. A token that cannot be read is neither yes nor no: the engine is
//! unavailable.

use alims_operations::ports::Cause;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

use super::bearer_token::BearerToken;

/// The shortest time between two reads, whatever came of the first. An engine that refuses every token must not make
/// each judgement a read.
pub(crate) const READS_APART: Duration = Duration::from_secs(5);
/// How long one read may take.
pub const TOKEN_READ_MAX: Duration = Duration::from_secs(1);
/// The maximum length of a secret in bytes. Servers take no longer headers.
const SECRET_BYTES_MAX: usize = 8 * 1024;

/// A place that keeps a secret.
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// Reads its current value. The error holds nothing of it.
    fn read(&self) -> BoxFuture<'_, Result<SecretText, Cause>>;
}

/// The text of a secret, which is never shown.
pub struct SecretText(String);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Why there is no token. It holds nothing of the secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoToken {
    #[error("the rules engine's token could not be read")]
    Unread(#[source] Cause),
    #[error("the rules engine's token was not read within {} ms", TOKEN_READ_MAX.as_millis())]
    Late,
    #[error("the last read of the rules engine's token failed; the next comes after {} s", READS_APART.as_secs())]
    Waiting,
    #[error("the secret of the rules engine's token is not usable: {0}")]
    NotUsable(#[from] NotAToken),
}

/// What is wrong with a secret; it completes a sentence and quotes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAToken {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {SECRET_BYTES_MAX} bytes")]
    TooLong,
    #[error("it holds characters that no bearer token has")]
    Characters,
    #[error("it is JSON without a text named token")]
    NoMember,
}

/// The token, as this process last read it.
pub struct KeptToken {
    store: Arc<dyn SecretStore>,
    known: Mutex<Known>,
    /// Of several judgements that need a read, one makes it.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    token: Option<BearerToken>,
    /// Grows with each other token.
    generation: u64,
    last_read: Option<Instant>,
}

impl KeptToken {
    /// The token that is kept there. It is not read yet.
    #[must_use]
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, known: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The token, if it has been read.
    pub(super) fn known_token(&self) -> Option<BearerToken> {
        self.known().token.clone()
    }

    /// Reads the token unless it is known; which one it is.
    pub(super) async fn ready(&self) -> Result<u64, NoToken> {
        if let Some(generation) = self.generation() {
            return Ok(generation);
        }
        let _reading = self.reading.lock().await;
        if let Some(generation) = self.generation() {
            return Ok(generation);
        }
        if !self.may_read() {
            return Err(NoToken::Waiting);
        }
        self.read().await
    }

    /// Whether there is another token than the one that the engine has just refused.
    pub(super) async fn renewed(&self, refused: u64) -> bool {
        let _reading = self.reading.lock().await;
        let newer = |generation: u64| generation != refused;
        if self.generation().is_some_and(newer) {
            return true;
        }
        if !self.may_read() {
            return false;
        }
        match self.read().await {
            Ok(generation) => newer(generation),
            // The known one stays: the engine may take it again.
            Err(no_token) => {
                let error: &dyn std::error::Error = &no_token;
                tracing::warn!(error, "the rules engine refused its token, and no other could be read");
                false
            }
        }
    }

    async fn read(&self) -> Result<u64, NoToken> {
        let read = timeout(TOKEN_READ_MAX, self.store.read()).await;
        let SecretText(text) = read.map_err(|_| NoToken::Late)?.map_err(NoToken::Unread)?;
        let token = token_in(&text)?;
        let mut known = self.known();
        if known.token.as_ref() != Some(&token) {
            known.token = Some(token);
            known.generation = known.generation.wrapping_add(1);
        }
        Ok(known.generation)
    }

    /// Whether enough time has passed; if so, a read begins now.
    fn may_read(&self) -> bool {
        let (now, mut known) = (Instant::now(), self.known());
        let may = known.last_read.is_none_or(|last| now.saturating_duration_since(last) >= READS_APART);
        if may {
            known.last_read = Some(now);
        }
        may
    }

    fn generation(&self) -> Option<u64> {
        let known = self.known();
        known.token.as_ref().map(|_| known.generation)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeptToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptToken(… of {:?})", self.store)
    }
}

/// The token in a secret: its text, or the member `token` of a JSON object, as the console of Secrets Manager stores
/// pairs. A line break at its end comes from the file that it was made of.
fn token_in(secret: &str) -> Result<BearerToken, NotAToken> {
    #[derive(Deserialize)]
    struct Pairs {
        token: String,
    }
    if secret.len() > SECRET_BYTES_MAX {
        return Err(NotAToken::TooLong);
    }
    let text = secret.trim_end_matches(['\r', '\n']);
    if text.starts_with('{') {
        // The parser's error may quote the secret.
        let pairs: Pairs = serde_json::from_str(text).map_err(|_quoting| NotAToken::NoMember)?;
        return of_text(&pairs.token);
    }
    of_text(text)
}

fn of_text(text: &str) -> Result<BearerToken, NotAToken> {
    if text.is_empty() {
        return Err(NotAToken::Empty);
    }
    BearerToken::new(text).ok_or(NotAToken::Characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_token_or_says_why_not_without_quoting_itself() {
        let token = BearerToken::new("pl4nted.s3cret~+/==").unwrap();
        for secret in [
            "pl4nted.s3cret~+/==",
            "pl4nted.s3cret~+/==\n",
            "pl4nted.s3cret~+/==\r\n",
            r#"{"token": "pl4nted.s3cret~+/=="}"#,
            r#"{"user": "rules", "token": "pl4nted.s3cret~+/=="}"#,
        ] {
            assert!(token_in(secret).is_ok_and(|found| found == token), "{secret}");
        }
        let long = "pl4nted".repeat(2000);
        for (secret, why) in [
            ("", NotAToken::Empty),
            ("\n", NotAToken::Empty),
            (r#"{"token": ""}"#, NotAToken::Empty),
            (&long, NotAToken::TooLong),
            ("pl4nted s3cret", NotAToken::Characters),
            (" pl4nted", NotAToken::Characters),
            ("pl4nted\nx", NotAToken::Characters),
            ("pl4nted\u{0}", NotAToken::Characters),
            ("pl4nted\u{1b}[2J", NotAToken::Characters),
            ("pl4ntéd", NotAToken::Characters),
            ("\"pl4nted\"", NotAToken::Characters),
            ("[\"pl4nted\"]", NotAToken::Characters),
            (r#"{"token": "pl4nted\n"}"#, NotAToken::Characters),
            (r#"{"Token": "pl4nted"}"#, NotAToken::NoMember),
            (r#"{"token": 4711}"#, NotAToken::NoMember),
            (r#"{"token": null, "pl4nted": 1}"#, NotAToken::NoMember),
            (r#"{"token": "pl4nted", "token": "pl4nted"}"#, NotAToken::NoMember),
            (r#"{"token": "pl4nted""#, NotAToken::NoMember),
            ("{}", NotAToken::NoMember),
        ] {
            let refused = token_in(secret).expect_err(secret);
            assert_eq!(refused, why, "{secret}");
            let told = format!("{} {:?}", NoToken::from(refused), NoToken::from(refused));
            assert!(!told.contains("pl4nt"), "{told}");
        }
        let shown = format!("{token:?} {:?}", SecretText::from("pl4nted".to_owned()));
        assert!(!shown.contains("pl4nted"), "{shown}");
    }
}
