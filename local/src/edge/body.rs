//! Request bodies: read completely, within the bound of AWS for each one and a budget for all together.

use axum::body::{Body, BodyDataStream, HttpBody};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::edge::limits::BODY_BYTES_MAX;
use crate::edge::problem::EdgeProblem;

/// The memory of all bodies in progress, in KiB. On its way to a function a body is copied some three times.
const BUDGET_KIB: u32 = 12 * 1024;
/// How long a body may take to arrive, and how long it may wait for its share of the budget.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a too large body is read and discarded, so that its sender gets to the answer.
const THROWN_AWAY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What bodies may hold together.
#[derive(Clone)]
pub(crate) struct BodyBudget(Arc<Semaphore>);

impl BodyBudget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET_KIB as usize)))
    }

    /// Reads a complete body. The permit holds its share of the budget.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), EdgeProblem> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        // A request without a body needs no share of the budget.
        let announced = announced.or_else(|| usize::try_from(body.size_hint().exact()?).ok());
        let mut stream = body.into_data_stream();
        if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
            throw_away(stream).await;
            return Err(EdgeProblem::TooLarge);
        }
        let place_kib = u32::try_from(announced.unwrap_or(BODY_BYTES_MAX).div_ceil(1024)).unwrap_or(BUDGET_KIB);
        let place = tokio::time::timeout(ARRIVAL_TIMEOUT, self.0.clone().acquire_many_owned(place_kib)).await;
        let Ok(Ok(permit)) = place else { return Err(EdgeProblem::Busy) };
        let arriving = async {
            let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|_| EdgeProblem::Incomplete)?;
                if bytes.len() + chunk.len() > BODY_BYTES_MAX {
                    return Err(EdgeProblem::TooLarge);
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok((bytes, permit))
        };
        match tokio::time::timeout(ARRIVAL_TIMEOUT, arriving).await {
            Ok(Err(EdgeProblem::TooLarge)) => {
                throw_away(stream).await;
                Err(EdgeProblem::TooLarge)
            }
            Ok(read) => read,
            Err(_) => Err(EdgeProblem::Incomplete),
        }
    }
}

async fn throw_away(mut stream: BodyDataStream) {
    let thrown = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            bytes += chunk.len();
            if bytes > THROWN_AWAY_BYTES_MAX {
                break;
            }
        }
    };
    // A client that sends for longer gets a closed connection instead of an answer.
    let _ = tokio::time::timeout(ARRIVAL_TIMEOUT, thrown).await;
}
