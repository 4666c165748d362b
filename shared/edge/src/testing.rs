//! Requests in the form of API Gateway's HTTP API, for tests: event in, `Request` out, through the runtime's own
//! reader.

#![allow(clippy::expect_used, reason = "test support: an event that cannot be built must fail the test")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lambda_http::{Request, request};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::reader::incoming::Incoming;
use crate::reader::token::{TokenReader, rendered};
use crate::route::Route;

/// The export that the routes of exports name.
const EXPORT_ID: &str = "019ab000-0000-7000-8000-000000000042";

/// The request id of every event of this module.
pub const REQUEST_ID: &str = "JKJaXmPLvHcESHA=";

/// An event of payload format 2.0 under construction. Initially it comes from an analyst of the tenant `lab`.
#[derive(Clone, Debug)]
pub struct GatewayEvent {
    route: &'static Route,
    workflow_id: String,
    query: String,
    headers: Map<String, Value>,
    claims: Option<Map<String, Value>>,
    body: Option<Vec<u8>>,
}

impl GatewayEvent {
    /// A request of an operation, for the workflow `wf-1` if its route has a workflow id.
    #[must_use]
    pub fn of(route: &'static Route) -> Self {
        let claims = [("sub", json!("alice")), ("tenant_id", json!("lab")), ("roles", json!(["analyst"]))];
        Self {
            route,
            workflow_id: "wf-1".to_owned(),
            query: String::new(),
            headers: Map::new(),
            claims: Some(claims.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()),
            body: None,
        }
    }

    /// Sets another workflow id, as the gateway hands it over: decoded.
    #[must_use]
    pub fn workflow(mut self, workflow_id: &str) -> Self {
        workflow_id.clone_into(&mut self.workflow_id);
        self
    }

    /// Sets a verified claim, as the token has it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// Removes the verified token.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        self.claims = None;
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Sets the query string, as it is written.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// Sets a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets a JSON body and its content type.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// The event in the form of API Gateway.
    #[must_use]
    pub fn event(&self) -> Value {
        let path = self.route.path.replace("{workflow_id}", &self.workflow_id).replace("{export_id}", EXPORT_ID);
        let (body, encoded) = match self.body.clone().map(String::from_utf8) {
            None => (None, false),
            Some(Ok(text)) => (Some(text), false),
            Some(Err(bytes)) => (Some(STANDARD.encode(bytes.as_bytes())), true),
        };
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{} {}", self.route.method, self.route.path),
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "pathParameters": {"workflow_id": self.workflow_id, "export_id": EXPORT_ID},
            "requestContext": {
                "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
                "domainPrefix": "api", "requestId": REQUEST_ID, "routeKey": "$default", "stage": "$default",
                "time": "23/Nov/2026:08:15:00 +0000", "timeEpoch": 1_795_421_700_000_i64,
                "http": {"method": self.route.method.as_str(), "path": path, "protocol": "HTTP/1.1",
                         "sourceIp": "192.0.2.1", "userAgent": "test"},
            },
            "body": body,
            "isBase64Encoded": encoded,
        });
        if let Some(claims) = &self.claims {
            let text: Map<String, Value> =
                claims.iter().map(|(name, value)| (name.clone(), rendered(value).into())).collect();
            let member = |event: &mut Value, object: &str, name: &str, value: Value| {
                let object = event.get_mut(object).and_then(Value::as_object_mut).expect("an object");
                object.entry(name).or_insert(value);
            };
            member(&mut event, "requestContext", "authorizer", json!({"jwt": {"claims": text, "scopes": null}}));
            member(&mut event, "headers", "authorization", format!("Bearer {}", token_of(claims)).into());
        }
        event
    }

    /// The request as a handler receives it.
    #[must_use]
    pub fn request(&self) -> Request {
        let request = request::from_str(&self.event().to_string()).expect("an event that the runtime reads");
        Arc::new(TokenReader::default()).attach(request)
    }

    /// The request as a reader receives it.
    #[must_use]
    pub fn incoming(&self) -> Incoming {
        self.request().into()
    }
}

/// A token with these claims, which only a test takes for verified.
#[must_use]
pub fn token_of(claims: &Map<String, Value>) -> String {
    format!("e30.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).expect("JSON")))
}

/// The parts of an answer that a test checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The headers, with lower-case names.
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl From<lambda_http::Response<lambda_http::Body>> for Seen {
    fn from(response: lambda_http::Response<lambda_http::Body>) -> Self {
        let headers = response.headers().iter();
        let text = |value: &http::HeaderValue| value.to_str().expect("a visible header").to_owned();
        Self {
            status: response.status().as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: serde_json::from_slice(response.body()).expect("a JSON body"),
        }
    }
}

impl Seen {
    /// The code of a problem, or an empty text.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// The places of a problem's faults in the body.
    #[must_use]
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error.get("pointer").and_then(Value::as_str)).collect()
    }
}
