//! A service on the loopback that answers `PutEvents` as Amazon's would when all is well.

use anyhow::Result;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::config::Credentials;
use axum::body::Bytes;
use axum::{Router, http::StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt::Write as _;
use tokio::task::JoinHandle;

/// The running service; it ends when this is dropped.
pub(crate) struct Service {
    config: SdkConfig,
    task: JoinHandle<()>,
}

/// As much of a request as the answer depends on.
#[derive(Deserialize)]
struct PutEvents {
    #[serde(rename = "Entries")]
    entries: Vec<IgnoredAny>,
}

impl Service {
    /// Starts it on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let app = Router::new().fallback(async |body: Bytes| match serde_json::from_slice::<PutEvents>(&body) {
            Ok(request) => (StatusCode::OK, [("content-type", "application/x-amz-json-1.1")], accepted(&request)),
            Err(error) => (StatusCode::BAD_REQUEST, [("content-type", "text/plain")], error.to_string()),
        });
        let task = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, app).await;
        });
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(format!("http://{address}"))
            .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
            .load()
            .await;
        Ok(Self { config, task })
    }

    /// How to reach it.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An event id for each entry.
fn accepted(request: &PutEvents) -> String {
    let mut answer = r#"{"FailedEntryCount":0,"Entries":["#.to_owned();
    for (_, number) in request.entries.iter().zip(0_u32..) {
        let comma = if number == 0 { "" } else { "," };
        // Writing to a text does not fail.
        let _ = write!(answer, r#"{comma}{{"EventId":"11710aed-b79e-4468-a20b-{number:012}"}}"#);
    }
    answer.push_str("]}");
    answer
}
