//! The deployed API, as a caller meets it.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;

/// Longer than API Gateway waits for a function.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);

/// An answer: its status and its body, as text where that is no JSON.
pub(crate) type Answer = (u16, Value);

/// The API.
pub(crate) struct Api {
    http: Client,
    url: Url,
    host: Option<String>,
}

impl Api {
    /// The API at a URL. An emulator tells APIs apart by their host, which no resolver knows.
    ///
    /// # Errors
    /// When it is no URL, or the TLS library cannot start.
    pub(crate) fn new(url: &str, host: Option<String>) -> anyhow::Result<Self> {
        let url = Url::parse(url).with_context(|| format!("{url} is no URL"))?;
        anyhow::ensure!(!url.cannot_be_a_base(), "{url} has no path");
        Ok(Self { http: Client::builder().timeout(ANSWER_WITHIN).build()?, url, host })
    }

    /// Asks with a token, or without.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn answer(
        &self,
        token: Option<&str>,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        self.sent(self.http.request(method, self.at(path)), token, body).await
    }

    /// Asks with a query.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn queried(&self, token: &str, path: &[&str], query: &str) -> anyhow::Result<Answer> {
        let mut url = self.at(path);
        url.set_query(Some(query));
        self.sent(self.http.get(url), Some(token), None).await
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        // A URL that can be a base has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    async fn sent(
        &self,
        mut request: RequestBuilder,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        if let Some(host) = &self.host {
            request = request.header("host", host);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = || format!("{} does not answer", self.url);
        let answer = request.send().await.map_err(reqwest::Error::without_url).with_context(unreachable)?;
        let status = answer.status().as_u16();
        // The gateway says here, and only here, what is wrong with a token.
        let why = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = answer.text().await.context("the API's answer breaks off")?;
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let (Some(why), Some(body)) = (why, body.as_object_mut()) {
            body.insert("www-authenticate".to_owned(), why.into());
        }
        Ok((status, body))
    }
}

/// The body of an answer with this status.
///
/// # Errors
/// When it has another one; its code and its detail are said.
pub(crate) fn expect((status, body): Answer, wanted: u16) -> anyhow::Result<Value> {
    anyhow::ensure!(status == wanted, "the API answered {status} instead of {wanted}: {}", said(&body));
    Ok(body)
}

/// What a problem document says, or the beginning of the answer.
pub(crate) fn said(body: &Value) -> String {
    const SHOWN_CHARS: usize = 300;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (text("code"), text("detail").or_else(|| text("title"))) {
        (Some(code), Some(detail)) => format!("{code}: {detail}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => body.to_string().chars().take(SHOWN_CHARS).collect(),
    }
}
