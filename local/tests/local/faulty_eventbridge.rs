//! An event bus that answers as EventBridge may on a bad day: it refuses entries, throttles, breaks down, is silent,
//! or takes the events and loses the answer.

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use axum::{Router, response::IntoResponse};
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What is done with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Take,
    RefuseEntries,
    Throttle,
    BreakDown,
    TakeAndHangUp,
    HangUp,
    TakeAndBeSilent,
}

/// Every deed that is a fault.
pub(crate) const FAULTS: [Deed; 6] =
    [Deed::RefuseEntries, Deed::Throttle, Deed::BreakDown, Deed::TakeAndHangUp, Deed::HangUp, Deed::TakeAndBeSilent];

/// A bus on a loopback port. Clones are the same bus.
#[derive(Clone)]
pub(crate) struct FaultyEventBridge(Arc<Mutex<Inside>>);

struct Inside {
    rng: Rng,
    /// Faults that are still to come; behind the last one every call is taken.
    faults_left: usize,
    deeds: BTreeMap<Deed, usize>,
    /// The details of the accepted events, in the order of their acceptance.
    accepted: Vec<Value>,
}

impl FaultyEventBridge {
    /// Serves a bus that commits so many faults, drawn from the seed, and is silent only once: that takes seconds.
    pub(crate) async fn serve(seed: u64, faults: usize) -> (Self, String) {
        let inside =
            Inside { rng: Rng::with_seed(seed), faults_left: faults, deeds: BTreeMap::new(), accepted: Vec::new() };
        let bus = Self(Arc::new(Mutex::new(inside)));
        let here = bus.clone();
        let app = Router::new().fallback(move |body: Bytes| {
            let bus = here.clone();
            async move { bus.put_events(&serde_json::from_slice(&body).unwrap()).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (bus, endpoint)
    }

    /// The details of the accepted events, in the order of their acceptance.
    pub(crate) fn accepted(&self) -> Vec<Value> {
        self.0.lock().unwrap().accepted.clone()
    }

    /// How often each deed was done.
    pub(crate) fn deeds(&self) -> BTreeMap<Deed, usize> {
        self.0.lock().unwrap().deeds.clone()
    }

    async fn put_events(&self, call: &Value) -> Response<Body> {
        let (deed, results) = self.0.lock().unwrap().meet(call["Entries"].as_array().unwrap());
        match deed {
            Deed::Take | Deed::RefuseEntries => {
                let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
                answer(StatusCode::OK, &json!({"FailedEntryCount": failed, "Entries": results}))
            }
            Deed::Throttle => {
                let said = json!({"__type": "ThrottlingException", "message": "Rate exceeded"});
                answer(StatusCode::BAD_REQUEST, &said)
            }
            Deed::BreakDown => {
                let said = json!({"__type": "InternalException", "message": "internal"});
                answer(StatusCode::INTERNAL_SERVER_ERROR, &said)
            }
            Deed::TakeAndHangUp | Deed::HangUp => {
                let cut = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err("hung up on purpose")]);
                Response::new(Body::from_stream(cut))
            }
            Deed::TakeAndBeSilent => std::future::pending().await,
        }
    }
}

impl Inside {
    fn meet(&mut self, entries: &[Value]) -> (Deed, Vec<Value>) {
        let deed = self.choose();
        *self.deeds.entry(deed).or_default() += 1;
        let taking = matches!(deed, Deed::Take | Deed::RefuseEntries | Deed::TakeAndHangUp | Deed::TakeAndBeSilent);
        // Which are refused is drawn, but at least one is.
        let unlucky = self.rng.usize(..entries.len());
        let mut results = Vec::new();
        for (place, entry) in entries.iter().enumerate().filter(|_| taking) {
            if deed == Deed::RefuseEntries && (place == unlucky || self.rng.bool()) {
                results.push(json!({"ErrorCode": "InternalFailure", "ErrorMessage": "refused on purpose"}));
            } else {
                self.accepted.push(serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap());
                results.push(json!({"EventId": self.accepted.len().to_string()}));
            }
        }
        (deed, results)
    }

    fn choose(&mut self) -> Deed {
        if self.faults_left == 0 || self.rng.u8(..3) == 0 {
            return Deed::Take;
        }
        self.faults_left -= 1;
        let deed = *self.rng.choice(&FAULTS).unwrap();
        let silent_before = self.deeds.contains_key(&Deed::TakeAndBeSilent);
        if deed == Deed::TakeAndBeSilent && silent_before { Deed::HangUp } else { deed }
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}
