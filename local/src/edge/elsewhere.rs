//! Functions in another process, called by Lambda's own interface: those in the containers of `sam local start-lambda`.
//!
//! `sam local start-api` runs no JWT authorizer, so no verified claims reach a function there. Here this server is the
//! gateway, verifies the token, and the function gets the event that it gets on AWS.

use alims_edge::route::Route;
use reqwest::{Client, Url};
use std::fmt;
use std::str::FromStr;

use crate::edge::problem::EdgeProblem;

/// The largest answer, in bytes: Lambda takes no larger one (AWS Lambda developer guide, "Lambda quotas").
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The header of an answer that is a function's error (AWS Lambda API reference, "Invoke").
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// Where Lambda's interface is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LambdaEndpoint(Url);

/// Why a text is no such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL without a path, such as http://127.0.0.1:3002")]
pub struct LambdaEndpointInvalid;

impl FromStr for LambdaEndpoint {
    type Err = LambdaEndpointInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url: Url = text.parse().map_err(|_| LambdaEndpointInvalid)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_no_user = url.username().is_empty() && url.password().is_none();
        let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
        if is_bare && has_no_user && is_http { Ok(Self(url)) } else { Err(LambdaEndpointInvalid) }
    }
}

impl fmt::Display for LambdaEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The functions there.
#[derive(Clone)]
pub(crate) struct Elsewhere {
    client: Client,
    endpoint: LambdaEndpoint,
}

impl Elsewhere {
    /// # Errors
    /// When no client can be made.
    pub(crate) fn new(endpoint: LambdaEndpoint) -> reqwest::Result<Self> {
        Ok(Self { client: Client::builder().no_proxy().build()?, endpoint })
    }

    /// Calls an operation's function with an event and gives its answer, both as JSON text.
    pub(crate) async fn invoke(&self, operation: &Route, event: String) -> Result<String, EdgeProblem> {
        let name = operation.name;
        let path = format!("2015-03-31/functions/{}Function/invocations", pascal(name));
        let url = self.endpoint.0.join(&path).map_err(|error| failed(name, &error))?;
        let mut answer = self.client.post(url).body(event).send().await.map_err(|error| failed(name, &error))?;
        let (status, is_error) = (answer.status(), answer.headers().contains_key(FUNCTION_ERROR));
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(name, &error))? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(failed(name, &"its answer is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(bytes).map_err(|error| failed(name, &error))?;
        if status.is_success() && !is_error { Ok(text) } else { Err(failed(name, &format!("{status}: {text}"))) }
    }
}

fn failed(operation: &str, error: &dyn fmt::Display) -> EdgeProblem {
    tracing::error!(operation, %error, "the function elsewhere gave no answer");
    EdgeProblem::Broken
}

/// The name of a function in the template.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_without_a_path() {
        for url in ["http://127.0.0.1:3002", "http://127.0.0.1:3002/", "https://lambda.example"] {
            assert_eq!(url.parse::<LambdaEndpoint>().unwrap().to_string(), url.trim_end_matches('/'));
        }
        let paths = ["http://127.0.0.1/x", "http://127.0.0.1/?x", "http://127.0.0.1/#x", "http://me@127.0.0.1"];
        for text in ["", "127.0.0.1:3002", "localhost:3002", "ftp://127.0.0.1", "file:///x"].iter().chain(&paths) {
            assert_eq!(text.parse::<LambdaEndpoint>(), Err(LambdaEndpointInvalid), "{text}");
        }
    }

    #[test]
    fn a_function_has_its_name_of_the_template() {
        assert_eq!(pascal("request-state-transition"), "RequestStateTransition");
    }
}
