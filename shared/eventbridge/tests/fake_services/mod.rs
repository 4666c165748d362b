//! Fakes of Amazon EventBridge and Amazon SQS: as much as the adapters use, each able to fail as the service does.

use alims_domain::limits::BUS_CALL_ENTRIES_MAX;
use alims_domain::timestamp::Timestamp;
use alims_eventbridge::{EventBridgeBus, SqsDeadLetters};
use alims_operations::ports::{DeadLetter, DeadLetters, EventBus};
use alims_testing::NextPut;
use alims_testing::contract::bus::{BusStage, OnTheBus};
use alims_testing::contract::dead_letters::DeadLettersStage;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// How the service fails a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    BreakingDown,
    Throttling,
    Refusing,
    HangingUp,
}

/// `PutEvents`, and the adapter that calls it.
pub(crate) struct FakeEventBridge {
    bus: EventBridgeBus,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    failing: Failing,
    next: NextPut,
    accepted: Vec<OnTheBus>,
}

impl FakeEventBridge {
    /// A service that fails so when it is to fail.
    pub(crate) async fn failing_by(failing: Failing) -> Self {
        let inside = Arc::new(Mutex::new(Inside { failing, next: NextPut::Accept, accepted: Vec::new() }));
        let here = inside.clone();
        let config = serving(move |call| here.lock().unwrap().put_events(call)).await;
        Self { bus: EventBridgeBus::new(&config, "bus"), inside }
    }
}

impl BusStage for FakeEventBridge {
    fn bus(&self) -> &impl EventBus {
        &self.bus
    }

    fn accepted(&self) -> Vec<OnTheBus> {
        self.inside.lock().unwrap().accepted.clone()
    }

    fn meet_next_put_with(&self, next: NextPut) {
        self.inside.lock().unwrap().next = next;
    }
}

impl Inside {
    fn put_events(&mut self, call: &Value) -> Response<Body> {
        let entries = call["Entries"].as_array().unwrap();
        if entries.is_empty() || entries.len() > BUS_CALL_ENTRIES_MAX {
            return error(StatusCode::BAD_REQUEST, "ValidationException");
        }
        let refused = match &self.next {
            NextPut::FailBeforeEffect => return fail(self.failing),
            NextPut::RefuseEntries(places) | NextPut::RefuseForGood(places) => places.clone(),
            NextPut::Accept | NextPut::FailAfterEffect => Vec::new(),
        };
        let mut results = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            if refused.contains(&place) {
                // The API reference of PutEventsResultEntry names these; the first two pass.
                let code = match (&self.next, place % 2) {
                    (NextPut::RefuseForGood(_), 0) => "MalformedDetail",
                    (NextPut::RefuseForGood(_), _) => "InvalidArgument",
                    (_, 0) => "ThrottlingException",
                    (_, _) => "InternalFailure",
                };
                results.push(json!({"ErrorCode": code, "ErrorMessage": "on purpose"}));
            } else {
                self.accepted.push(on_the_bus(entry));
                results.push(json!({"EventId": format!("11710aed-b79e-4468-a20b-{:012}", self.accepted.len())}));
            }
        }
        match &self.next {
            NextPut::FailAfterEffect => fail(self.failing),
            NextPut::Accept | NextPut::RefuseEntries(_) | NextPut::RefuseForGood(_) | NextPut::FailBeforeEffect => {
                answer(StatusCode::OK, &json!({"FailedEntryCount": refused.len(), "Entries": results}))
            }
        }
    }
}

/// An entry as the bus hands it on. Its time travels in seconds.
fn on_the_bus(entry: &Value) -> OnTheBus {
    let text = |member: &str| entry[member].as_str().unwrap().to_owned();
    let seconds = entry["Time"].to_string();
    let (whole, fraction) = seconds.split_once('.').unwrap_or((&seconds, ""));
    let millis = format!("{whole}{fraction:0<3.3}").parse().unwrap();
    OnTheBus {
        detail_type: text("DetailType"),
        detail: text("Detail"),
        at: Timestamp::from_unix_millis(millis).unwrap(),
    }
}

fn fail(failing: Failing) -> Response<Body> {
    match failing {
        Failing::BreakingDown => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalException"),
        Failing::Throttling => error(StatusCode::BAD_REQUEST, "ThrottlingException"),
        Failing::Refusing => error(StatusCode::BAD_REQUEST, "ResourceNotFoundException"),
        Failing::HangingUp => {
            let cut = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err("hung up on purpose")]);
            Response::new(Body::from_stream(cut))
        }
    }
}

/// A queue, and the adapter that sends to it.
pub(crate) struct FakeQueue {
    dead_letters: SqsDeadLetters,
    inside: Arc<Mutex<Sent>>,
}

#[derive(Default)]
struct Sent {
    fails: bool,
    bodies: Vec<String>,
}

impl FakeQueue {
    pub(crate) async fn open() -> Self {
        let inside = Arc::new(Mutex::new(Sent::default()));
        let here = inside.clone();
        let config = serving(move |call| {
            let mut sent = here.lock().unwrap();
            if sent.fails {
                return error(StatusCode::BAD_REQUEST, "com.amazonaws.sqs#QueueDoesNotExist");
            }
            sent.bodies.push(call["MessageBody"].as_str().unwrap().to_owned());
            answer(StatusCode::OK, &json!({"MessageId": sent.bodies.len().to_string()}))
        })
        .await;
        let queue = format!("{}/1/dead", config.endpoint_url().unwrap());
        Self { dead_letters: SqsDeadLetters::new(&config, queue), inside }
    }
}

impl DeadLettersStage for FakeQueue {
    fn dead_letters(&self) -> &impl DeadLetters {
        &self.dead_letters
    }

    fn kept(&self) -> Vec<DeadLetter> {
        let text = |letter: &Value, member: &str| letter[member].as_str().unwrap().to_owned();
        let letters = self.inside.lock().unwrap().bodies.clone().into_iter().map(|body| {
            let letter: Value = serde_json::from_str(&body).unwrap();
            DeadLetter {
                sequence_number: text(&letter, "sequence_number"),
                key: text(&letter, "key"),
                why: text(&letter, "why"),
                refused: letter.get("refused").map(|refused| serde_json::from_value(refused.clone()).unwrap()),
            }
        });
        letters.collect()
    }

    fn fails(&self, fails: bool) {
        self.inside.lock().unwrap().fails = fails;
    }
}

/// Serves a service on a free port; how the SDK reaches it.
async fn serving(service: impl Fn(&Value) -> Response<Body> + Clone + Send + Sync + 'static) -> SdkConfig {
    let app = Router::new().fallback(move |body: Bytes| {
        let response = service(&serde_json::from_slice(&body).unwrap());
        async move { response }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(aws_sdk_eventbridge::config::Credentials::new("test", "test", None, None, "test"))
        .load()
        .await
}

fn error(status: StatusCode, code: &str) -> Response<Body> {
    answer(status, &json!({"__type": code, "message": "on purpose"}))
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}
