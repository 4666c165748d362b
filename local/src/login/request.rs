//! The authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1): what a client asks for,
//! or why it gets none of it.

use reqwest::Url;

use super::client::Client;
use super::language::{Language, Text};
use super::parameters::Parameters;

/// The length of an S256 challenge: a SHA-256 in base64url (RFC 7636, section 4.2).
const CHALLENGE_LENGTH: usize = 43;
/// The parameters of requests in other forms, and what this provider answers them (OpenID Connect Core, section 6).
const OTHER_FORMS: [(&str, &str); 3] = [
    ("request", "request_not_supported"),
    ("request_uri", "request_uri_not_supported"),
    ("registration", "registration_not_supported"),
];

/// What a client asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    /// This server's origin, as the browser names it. It is the issuer.
    pub(super) origin: String,
    /// The address to send the person back to, as the client wrote it.
    pub(super) redirect: String,
    pub(super) back: Url,
    pub(super) state: String,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    /// The scopes that are granted: those asked for that this provider knows.
    pub(super) scopes: Vec<String>,
    /// Whom the client expects.
    pub(super) hint: Option<String>,
    /// The language of the page.
    pub(super) language: Language,
}

/// Why a client gets nothing.
#[derive(Debug)]
pub(super) enum AskedRefused {
    /// It is not known where the person would be sent: they read it here.
    Here(Text),
    /// The client learns it: the address to send the person back to.
    Back(Url),
}

impl Asked {
    /// Reads a request to this server of this origin, which knows these scopes. The person reads this language.
    pub(super) fn read(
        parameters: &Parameters,
        origin: &str,
        known: &[String],
        language: Language,
    ) -> Result<Self, AskedRefused> {
        const CLIENT: Text = Text {
            en: "The client is unknown. Ask with the client_id alims-console or alims-cli.",
            de: "Der Client ist unbekannt. Fragen Sie mit der client_id alims-console oder alims-cli an.",
        };
        const REDIRECT: Text = Text {
            en: "The redirect_uri is not this client's. Use /signed-in of this server, or for a command line \
                 http://127.0.0.1:PORT.",
            de: "Die redirect_uri gehört nicht zu diesem Client. Verwenden Sie /signed-in dieses Servers oder für eine \
                 Befehlszeile http://127.0.0.1:PORT.",
        };
        let client = parameters.get("client_id").and_then(Client::of_id).ok_or(AskedRefused::Here(CLIENT))?;
        let redirect = parameters.get("redirect_uri").ok_or(AskedRefused::Here(REDIRECT))?;
        let back = client.redirect(redirect, origin).ok_or(AskedRefused::Here(REDIRECT))?;
        // The name of a response is safe to give only to one who can tell for which request it is.
        let state = parameters.get("state");
        let refuse = |error: &str, why: &str| AskedRefused::Back(refusal(&back, origin, state, error, why));
        let Some(named_state) = state else {
            return Err(refuse("invalid_request", "The request has no state. Send a fresh one with each request."));
        };
        if let Some((_, error)) = OTHER_FORMS.iter().find(|(name, _)| parameters.get(name).is_some()) {
            return Err(refuse(error, "This form of request is not supported. Send plain parameters."));
        }
        if parameters.get("response_type") != Some("code") {
            return Err(refuse("unsupported_response_type", "Only codes are given. Ask with response_type=code."));
        }
        if !matches!(parameters.get("response_mode"), None | Some("query")) {
            return Err(refuse("invalid_request", "The response_mode is not supported. Ask with response_mode=query."));
        }
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(refuse("invalid_request", "PKCE is required. Ask with code_challenge_method=S256."));
        }
        let challenge = parameters.get("code_challenge").filter(|challenge| is_challenge(challenge));
        let Some(challenge) = challenge else {
            return Err(refuse("invalid_request", "The code_challenge is no SHA-256 in base64url. Send one."));
        };
        let scopes = granted(parameters.get("scope").unwrap_or_default(), known);
        if !scopes.iter().any(|scope| scope == "openid") {
            return Err(refuse("invalid_scope", "The scope openid is missing. Ask for it."));
        }
        // Each answer is of a fresh sign-in, so that every age is kept.
        if parameters.get("max_age").is_some_and(|age| age.parse::<u32>().is_err()) {
            return Err(refuse("invalid_request", "The max_age is no number of seconds. Send a whole number."));
        }
        if let Some((error, why)) = prompt_refused(parameters.get("prompt").unwrap_or_default()) {
            return Err(refuse(error, why));
        }
        Ok(Self {
            client,
            origin: origin.to_owned(),
            redirect: redirect.to_owned(),
            state: named_state.to_owned(),
            nonce: parameters.get("nonce").map(str::to_owned),
            challenge: challenge.to_owned(),
            scopes,
            hint: parameters.get("login_hint").map(str::to_owned),
            language,
            back,
        })
    }

    /// Where to send the person with a code.
    pub(super) fn answered(&self, code: &str) -> Url {
        let mut back = self.back.clone();
        back.query_pairs_mut().append_pair("code", code).append_pair("state", &self.state);
        // So that a client of several providers knows whose answer it is (RFC 9207).
        back.query_pairs_mut().append_pair("iss", &self.origin);
        back
    }

    /// Where to send the person without one.
    pub(super) fn refused(&self, error: &str, why: &str) -> Url {
        refusal(&self.back, &self.origin, Some(&self.state), error, why)
    }
}

/// The address that tells the client of a refusal (RFC 6749, section 4.1.2.1).
fn refusal(back: &Url, origin: &str, state: Option<&str>, error: &str, why: &str) -> Url {
    let mut back = back.clone();
    back.query_pairs_mut().append_pair("error", error).append_pair("error_description", why);
    if let Some(state) = state {
        back.query_pairs_mut().append_pair("state", state);
    }
    back.query_pairs_mut().append_pair("iss", origin);
    back
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Those of the asked scopes that are known; others are left out (OpenID Connect Core, section 3.1.2.1).
fn granted(asked: &str, known: &[String]) -> Vec<String> {
    let asked: Vec<&str> = asked.split(' ').collect();
    known.iter().filter(|scope| asked.contains(&scope.as_str())).cloned().collect()
}

/// What is wrong with a `prompt`. The page is shown for each request, so there is no sign-in without it.
fn prompt_refused(prompt: &str) -> Option<(&'static str, &'static str)> {
    let words: Vec<&str> = prompt.split(' ').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        ["none"] => Some(("login_required", "This provider keeps no session. Ask without prompt=none.")),
        words if words.iter().all(|word| ["login", "consent", "select_account"].contains(word)) => None,
        _ => Some(("invalid_request", "The prompt is not supported. Ask with prompt=login.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:3000";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// A good request with some parameters otherwise; an empty value leaves one out.
    fn asked(changes: &[(&str, &str)]) -> Result<Asked, AskedRefused> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let good = [
            ("client_id", "alims-console"),
            ("redirect_uri", "http://127.0.0.1:3000/signed-in"),
            ("response_type", "code"),
            ("state", "s&1"),
            ("scope", "openid profile other"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)) {
            query.append_pair(name, value);
        }
        query.extend_pairs(changes);
        let known = ["openid", "profile", "alims/use"].map(str::to_owned);
        Asked::read(&Parameters::read(query.finish().as_bytes()).unwrap(), ORIGIN, &known, Language::English)
    }

    #[test]
    fn a_request_gets_the_scopes_that_are_known() {
        let read = asked(&[("prompt", "login"), ("max_age", "0"), ("nonce", "n"), ("login_hint", "bob")]).unwrap();
        assert_eq!(
            (read.client, read.scopes, read.state.as_str()),
            (Client::Console, vec!["openid".to_owned(), "profile".to_owned()], "s&1")
        );
        assert_eq!((read.nonce.as_deref(), read.hint.as_deref()), (Some("n"), Some("bob")));
        let back = asked(&[]).unwrap().answered("a+b");
        assert_eq!(
            back.as_str(),
            "http://127.0.0.1:3000/signed-in?code=a%2Bb&state=s%261&iss=http%3A%2F%2F127.0.0.1%3A3000"
        );
        let kept = asked(&[("client_id", "alims-cli"), ("redirect_uri", "http://[::1]:7/a?b=c")]).unwrap();
        assert!(kept.answered("x").as_str().starts_with("http://[::1]:7/a?b=c&code=x&state="), "{kept:?}");
    }

    #[test]
    fn nobody_is_sent_to_an_address_that_is_not_the_client_s() {
        for changes in [
            &[("client_id", "")][..],
            &[("client_id", "other")],
            &[("redirect_uri", "")],
            &[("redirect_uri", "https://evil.example/signed-in")],
            &[("redirect_uri", "http://127.0.0.1:8080/")],
            &[("client_id", "alims-cli"), ("redirect_uri", "https://evil.example/")],
        ] {
            assert!(matches!(asked(changes), Err(AskedRefused::Here(_))), "{changes:?}");
        }
    }

    #[test]
    fn a_client_learns_what_is_wrong_with_its_request() {
        let short = &CHALLENGE[1..];
        for (name, value, error) in [
            ("state", "", "invalid_request"),
            ("response_type", "", "unsupported_response_type"),
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "code id_token", "unsupported_response_type"),
            ("response_mode", "fragment", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", short, "invalid_request"),
            ("scope", "", "invalid_scope"),
            ("scope", "profile", "invalid_scope"),
            ("max_age", "-1", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("prompt", "none", "login_required"),
            ("prompt", "none login", "invalid_request"),
            ("prompt", "create", "invalid_request"),
            ("request", "e30.e30.", "request_not_supported"),
            ("request_uri", "https://evil.example/", "request_uri_not_supported"),
        ] {
            let Err(AskedRefused::Back(back)) = asked(&[(name, value)]) else { panic!("{name}={value}") };
            let told: Vec<(String, String)> = back.query_pairs().into_owned().collect();
            assert_eq!(told[0], ("error".to_owned(), error.to_owned()), "{name}={value}");
            assert!(back.as_str().starts_with("http://127.0.0.1:3000/signed-in?"), "{back}");
            assert_eq!(told.iter().any(|(told, value)| told == "state" && value == "s&1"), name != "state", "{back}");
        }
    }
}
