//! API Gateway's part: an HTTP request becomes a payload-format-2.0 event, and the function's answer becomes HTTP.
//!
//! Both are converted to JSON text and back, as between API Gateway and Lambda.

use alims_domain::timestamp::Timestamp;
use alims_edge::reader::token::rendered;
use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body as LambdaBody;
use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::account::ACCOUNT;
use crate::edge::limits::BODY_BYTES_MAX;

/// The stage of an HTTP API that has no stage in its paths.
const STAGE: &str = "$default";

/// The facts that API Gateway adds to a request.
pub(crate) struct Circumstances<'a> {
    /// Its name for the request.
    pub(crate) request_id: &'a str,
    /// The route, `POST /workflows`.
    pub(crate) route_key: &'a str,
    /// The route's parameters, decoded.
    pub(crate) path_parameters: BTreeMap<String, String>,
    /// The claims of the verified token.
    pub(crate) claims: &'a Map<String, Value>,
    /// Its scopes, where some are asked for.
    pub(crate) scopes: Option<Vec<String>>,
    /// The sender's address.
    pub(crate) peer: SocketAddr,
    /// The receiving address. It stands for API Gateway's own name and does not depend on the name that the caller
    /// used.
    pub(crate) here: SocketAddr,
    /// When it was received.
    pub(crate) now: Timestamp,
}

/// The event, as JSON text; none when the body makes it larger than Lambda takes.
pub(crate) fn event(request: &Parts, body: Vec<u8>, circumstances: &Circumstances<'_>) -> Option<String> {
    let Circumstances { request_id, route_key, path_parameters, claims, scopes, peer, here, now } = circumstances;
    // API Gateway decodes this too: nothing may depend on how a caller wrote a path.
    let path = percent_decode_str(request.uri.path()).decode_utf8_lossy();
    let (body, is_base64_encoded) = encoded(&request.headers, body)?;
    let claims: BTreeMap<&String, String> = claims.iter().map(|(name, claim)| (name, rendered(claim))).collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.uri.query().unwrap_or_default(),
        "headers": headers(&request.headers, *peer, *here),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "authorizer": { "jwt": { "claims": claims, "scopes": scopes } },
            "domainName": here.to_string(),
            "domainPrefix": "local",
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
                "userAgent": request.headers.get(USER_AGENT).map(text).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": STAGE,
            "time": now.as_chrono().format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.unix_millis(),
        },
        "isBase64Encoded": is_base64_encoded,
    });
    // The event has no member for a part that the request lacks.
    let optional = [
        ("cookies", cookies(&request.headers).map(Value::from)),
        ("queryStringParameters", query(request.uri.query()).map(|query| json!(query))),
        ("pathParameters", (!path_parameters.is_empty()).then(|| json!(path_parameters))),
        ("body", body.map(Value::from)),
    ];
    if let Value::Object(members) = &mut event {
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    Some(event.to_string())
}

/// Names in lower case, several values joined by commas, cookies apart; some are API Gateway's own.
fn headers(received: &HeaderMap, peer: SocketAddr, here: SocketAddr) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in received.iter().filter(|(name, _)| **name != COOKIE) {
        let joined = headers.entry(name.as_str().to_owned()).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(&text(value));
    }
    headers.insert(HOST.to_string(), here.to_string());
    headers.insert("x-forwarded-for".to_owned(), peer.ip().to_string());
    headers.insert("x-forwarded-port".to_owned(), here.port().to_string());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn cookies(received: &HeaderMap) -> Option<Vec<String>> {
    let cookies = received.get_all(COOKIE).iter().map(text).collect::<Vec<String>>().join("; ");
    let cookies: Vec<String> = cookies.split("; ").filter(|cookie| !cookie.is_empty()).map(str::to_owned).collect();
    (!cookies.is_empty()).then_some(cookies)
}

fn query(query: Option<&str>) -> Option<BTreeMap<String, String>> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query?.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    (!parameters.is_empty()).then_some(parameters)
}

/// Text travels as text; everything else, and what only claims to be text, in Base64. None when it becomes too large.
fn encoded(headers: &HeaderMap, body: Vec<u8>) -> Option<(Option<String>, bool)> {
    if body.is_empty() {
        return Some((None, false));
    }
    let content_type = headers.get(CONTENT_TYPE).map(text).unwrap_or_default().to_ascii_lowercase();
    let textual = ["text/", "application/json", "application/javascript", "application/xml"]
        .iter()
        .any(|kind| content_type.starts_with(kind))
        || content_type.split(';').next().is_some_and(|essence| essence.trim_end().ends_with("+json"));
    let (body, is_base64_encoded) = match String::from_utf8(body) {
        Ok(body) if textual => (body, false),
        Ok(body) => (STANDARD.encode(body), true),
        Err(not_text) => (STANDARD.encode(not_text.into_bytes()), true),
    };
    (bytes_as_json(&body) <= BODY_BYTES_MAX).then_some((Some(body), is_base64_encoded))
}

/// The length of a text as JSON, which may be six times its own.
fn bytes_as_json(text: &str) -> usize {
    let length = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | b'\x08' | b'\x0c' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

/// The function's answer as HTTP; none when it is no answer that API Gateway would take.
pub(crate) fn response(answer: &str) -> Option<Response> {
    let answer: ApiGatewayV2httpResponse = serde_json::from_str(answer).ok()?;
    let body = match answer.body {
        None | Some(LambdaBody::Empty) => Vec::new(),
        Some(LambdaBody::Text(text)) if answer.is_base64_encoded => STANDARD.decode(text).ok()?,
        Some(LambdaBody::Text(text)) => text.into_bytes(),
        Some(LambdaBody::Binary(bytes)) => bytes,
        Some(_) => return None,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(answer.status_code).ok()?).ok()?;
    let headers = response.headers_mut();
    headers.extend(answer.headers);
    headers.remove(CONTENT_LENGTH);
    for cookie in answer.cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use lambda_http::request::LambdaRequest;
    use lambda_http::{RequestExt, RequestPayloadExt};

    fn event_of(request: Request<()>, body: &[u8]) -> Value {
        let claims = json!({"sub": "alice", "roles": ["analyst", "auditor"], "exp": 7, "tenant_id": "default"});
        let circumstances = Circumstances {
            request_id: "r-1",
            route_key: "GET /workflows/{workflow_id}",
            path_parameters: BTreeMap::from([("workflow_id".to_owned(), "a b".to_owned())]),
            claims: claims.as_object().unwrap(),
            scopes: None,
            peer: "127.0.0.1:40000".parse().unwrap(),
            here: "127.0.0.1:3000".parse().unwrap(),
            now: "2026-11-23T08:15:00.000Z".parse().unwrap(),
        };
        serde_json::from_str(&event(&request.into_parts().0, body.to_owned(), &circumstances).unwrap()).unwrap()
    }

    #[test]
    fn a_request_becomes_an_event_as_api_gateway_makes_it() {
        let request = Request::get("/workflows/a%20b?x=1&x=2&y=%C3%A4")
            .header("Host", "evil host")
            .header("X-Forwarded-Proto", "gopher")
            .header("Accept", "a")
            .header("Accept", "b")
            .header("Cookie", "c=1; d=2")
            .header("User-Agent", "curl");
        let event = event_of(request.body(()).unwrap(), b"");
        assert_eq!(event["rawPath"], "/workflows/a b");
        assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%A4");
        assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "ä"}));
        assert_eq!(event["pathParameters"], json!({"workflow_id": "a b"}));
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(event["headers"]["accept"], "a,b");
        assert_eq!(event["headers"]["host"], "127.0.0.1:3000", "a caller does not name the gateway");
        assert_eq!(event["headers"]["x-forwarded-proto"], "http");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event.get("body"), None);
        let context = &event["requestContext"];
        assert_eq!(context["time"], "23/Nov/2026:08:15:00 +0000");
        assert_eq!(
            context["authorizer"]["jwt"]["claims"],
            json!({"sub": "alice", "roles": "[analyst auditor]", "exp": "7", "tenant_id": "default"})
        );
        let read: LambdaRequest = serde_json::from_value(event).unwrap();
        let read = lambda_http::Request::from(read);
        assert_eq!(read.path_parameters().first("workflow_id"), Some("a b"));
    }

    #[test]
    fn a_body_reaches_the_function_byte_by_byte() {
        for (content_type, body, in_base64) in [
            ("application/json", b"{\"a\": \"\xc3\xa4\"}".as_slice(), false),
            ("application/merge-patch+json; charset=utf-8", b"{}", false),
            ("application/json", b"{\"a\": \"\xff\"}", true),
            ("application/x-www-form-urlencoded", b"{}", true),
        ] {
            let request = Request::post("/workflows").header("Content-Type", content_type).body(()).unwrap();
            let event = event_of(request, body);
            assert_eq!(event["isBase64Encoded"], in_base64, "{content_type}");
            let read = lambda_http::Request::from(serde_json::from_value::<LambdaRequest>(event).unwrap());
            assert_eq!(read.body().as_ref(), body);
            let _ = read.payload::<Value>();
        }
    }

    #[test]
    fn a_body_that_grows_too_large_as_json_is_none() {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        assert!(encoded(&headers, vec![b'x'; BODY_BYTES_MAX]).is_some());
        assert!(encoded(&headers, vec![0; BODY_BYTES_MAX / 6]).is_some());
        assert!(encoded(&headers, vec![0; BODY_BYTES_MAX / 6 + 1]).is_none());
        assert!(encoded(&headers, vec![b'"'; BODY_BYTES_MAX / 2 + 1]).is_none());
        assert!(encoded(&HeaderMap::new(), vec![b'x'; BODY_BYTES_MAX / 4 * 3 + 1]).is_none(), "as Base64");
        for text in ["a\"b", "\\", "\n\r\t\u{8}\u{c}", "\u{0}\u{1f}", "ä€\u{7f}"] {
            assert_eq!(bytes_as_json(text) + 2, serde_json::to_string(text).unwrap().len(), "{text:?}");
        }
    }

    #[test]
    fn an_answer_becomes_http_and_nonsense_does_not() {
        let answer = r#"{"statusCode":201,"headers":{"etag":"\"1\"","content-length":"9"},"multiValueHeaders":{},
            "body":"e30=","isBase64Encoded":true,"cookies":["a=1"]}"#;
        let response = response(answer).unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["etag"], "\"1\"");
        assert_eq!(response.headers()["set-cookie"], "a=1");
        assert_eq!(response.headers().get("content-length"), None);
        assert!(super::response(r#"{"statusCode":7,"headers":{},"multiValueHeaders":{},"cookies":[]}"#).is_none());
        assert!(super::response("null").is_none());
    }
}
