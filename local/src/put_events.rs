//! The laptop's bus as Amazon EventBridge: `PutEvents` and nothing else, for programs on the same machine.
//!
//! Like the embedded database, it listens on the loopback only and wants the server's key. Its events go to the same
//! archive and the same listeners as the server's own.

use alims_domain::limits::{BUS_CALL_BYTES_MAX, BUS_CALL_ENTRIES_MAX, BUS_ENTRY_OVERHEAD_BYTES};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{Clock, Ids};
use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::access_key::{AccessKey, KeyRefused};
use crate::bus::{Envelope, LocalBus};
use crate::guard::{Foreign, Guard};

/// The value of the header `X-Amz-Target`.
const PUT_EVENTS: &str = "AWSEvents.PutEvents";
/// The limits of EventBridge, as the API reference of its scheduler states them for `PutEvents`: that of `PutEvents`
/// has only the second. The same page has a pattern for a source, in which no line ends; a control character in
/// either text is refused here, because it would end a line of a listener or steer a terminal.
const SOURCE_CHARS_MAX: usize = 256;
/// See [`SOURCE_CHARS_MAX`].
const DETAIL_TYPE_CHARS_MAX: usize = 128;
/// How the sources begin that only AWS may use.
const SOURCE_OF_AWS: &str = "aws.";
/// What ends a line and is no control character.
const LINE_SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// Where events are put.
#[derive(Clone)]
struct Door {
    bus: LocalBus,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// Every path of the port: the protocol names the operation in a header.
pub(crate) fn router(
    bus: LocalBus,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    guard: &Guard,
    key: &AccessKey,
) -> Router {
    let door = Door { bus, clock, ids };
    let routes = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
        let door = door.clone();
        async move {
            let answer = tokio::task::spawn_blocking(move || door.answer(&headers, &body)).await;
            let answer = answer.unwrap_or_else(|_| Err(Refused::Broken));
            let (status, body) = match answer {
                Ok(body) => (StatusCode::OK, body),
                Err(refused) => refused.answer(),
            };
            rendered(status, &body)
        }
    });
    let foreign = |why: Foreign| {
        let (status, message) = why.as_aws();
        rendered(status, &json!({"__type": "AccessDeniedException", "message": message}))
    };
    guard.before(key.before(routes, refused), foreign)
}

fn refused(why: KeyRefused) -> Response {
    let (code, message) = why.as_aws();
    rendered(StatusCode::BAD_REQUEST, &json!({"__type": code, "message": message}))
}

fn rendered(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string()).into_response()
}

/// Why a call is not answered as its caller hopes.
enum Refused {
    /// It asks for something else.
    UnknownOperation(String),
    /// It is no request of this operation.
    Malformed(serde_json::Error),
    /// It holds too much, or nothing.
    Invalid(&'static str),
    /// The archive cannot be written.
    Broken,
}

impl Refused {
    fn answer(self) -> (StatusCode, Value) {
        let (status, code, message) = match self {
            Self::UnknownOperation(named) => {
                let message = format!("this bus answers {PUT_EVENTS} and nothing else, not {named}");
                (StatusCode::BAD_REQUEST, "UnknownOperationException", message)
            }
            Self::Malformed(error) => (StatusCode::BAD_REQUEST, "SerializationException", error.to_string()),
            Self::Invalid(why) => (StatusCode::BAD_REQUEST, "ValidationException", why.to_owned()),
            Self::Broken => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalException", "the events cannot be kept".to_owned())
            }
        };
        (status, json!({"__type": code, "message": message}))
    }
}

/// `PutEvents` as it travels (Amazon EventBridge API reference).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

/// The named bus is ignored: every entry goes to this one.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    source: String,
    detail_type: String,
    detail: String,
    resources: Vec<String>,
    /// Seconds since 1970-01-01T00:00:00Z.
    time: Option<f64>,
}

impl Door {
    fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refused> {
        let target =
            headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or("a call without a name");
        if target != PUT_EVENTS {
            return Err(Refused::UnknownOperation(target.to_owned()));
        }
        let call: PutEvents = serde_json::from_slice(body).map_err(Refused::Malformed)?;
        if call.entries.is_empty() || call.entries.len() > BUS_CALL_ENTRIES_MAX {
            return Err(Refused::Invalid("a call has one to ten entries"));
        }
        let bytes: usize = call.entries.iter().map(Entry::bytes).sum();
        if bytes > BUS_CALL_BYTES_MAX {
            return Err(Refused::Invalid("the entries of a call are too large together"));
        }
        self.take(&call.entries).map_err(|error| {
            tracing::error!(%error, "events that were put cannot be kept");
            Refused::Broken
        })
    }

    /// Accepts the entries that are events, and returns a result for each.
    fn take(&self, entries: &[Entry]) -> io::Result<Value> {
        let now = self.clock.now();
        let (mut events, mut results) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry.detail() {
                Ok(detail) => {
                    let id = self.ids.fresh().to_string();
                    results.push(json!({ "EventId": id }));
                    let at = entry.time.and_then(instant).unwrap_or(now);
                    let event = Envelope::new(id, &entry.source, &entry.detail_type, detail, at);
                    events.push(event.concerning(&entry.resources));
                }
                Err((code, message)) => results.push(json!({"ErrorCode": code, "ErrorMessage": message})),
            }
        }
        let failed = entries.len() - events.len();
        if !events.is_empty() {
            self.bus.take(&events)?;
        }
        Ok(json!({"FailedEntryCount": failed, "Entries": results}))
    }
}

impl Entry {
    /// How much of the call's limit it takes: what surrounds the detail counts as the publisher counts it, or as it is
    /// if that is more.
    fn bytes(&self) -> usize {
        let resources: usize = self.resources.iter().map(String::len).sum();
        let around = self.source.len() + self.detail_type.len() + resources;
        self.detail.len() + around.max(BUS_ENTRY_OVERHEAD_BYTES)
    }

    /// The detail on one line; otherwise the code and the message of the entry's error.
    fn detail(&self) -> Result<Box<RawValue>, (&'static str, &'static str)> {
        for (text, chars_max, required, too_long, steers) in [
            (
                &self.source,
                SOURCE_CHARS_MAX,
                "Parameter Source is not valid. Reason: Source is a required argument.",
                "Parameter Source is not valid. Reason: Source has more than 256 characters.",
                "Parameter Source is not valid. Reason: Source has a control character.",
            ),
            (
                &self.detail_type,
                DETAIL_TYPE_CHARS_MAX,
                "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
                "Parameter DetailType is not valid. Reason: DetailType has more than 128 characters.",
                "Parameter DetailType is not valid. Reason: DetailType has a control character.",
            ),
        ] {
            if text.is_empty() {
                return Err(("InvalidArgument", required));
            }
            if text.chars().count() > chars_max {
                return Err(("InvalidArgument", too_long));
            }
            if text.chars().any(|character| character.is_control() || LINE_SEPARATORS.contains(&character)) {
                return Err(("InvalidArgument", steers));
            }
        }
        if self.source.starts_with(SOURCE_OF_AWS) {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        let malformed = |_| ("MalformedDetail", "Detail is malformed: it is not a JSON object.");
        serde_json::from_str::<Map<String, Value>>(&self.detail).map_err(malformed)?;
        // Outside of texts JSON may hold line feeds, within them it may not: none is lost that says something.
        RawValue::from_string(self.detail.replace(['\n', '\r'], " ")).map_err(malformed)
    }
}

fn instant(seconds: f64) -> Option<Timestamp> {
    // A fractional number of seconds is rarely exact, so it is rounded to the nearest millisecond.
    let since = Duration::try_from_secs_f64(seconds).ok()? + Duration::from_micros(500);
    Timestamp::from_unix_millis(since.as_millis().try_into().ok()?)
}
