//! Request bodies: read completely, within the bound of AWS for each one and a budget for all large ones together.
//!
//! The server bounds how slowly a body may arrive (`serving`). So a body that is on its way takes nothing that others
//! need: its beginning is free, and it takes its share of the budget when more than that has arrived.

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::edge::limits::BODY_BYTES_MAX;
use crate::edge::problem::EdgeProblem;

/// The memory of all large bodies in progress, in KiB. On its way to a function a body is copied some three times.
const BUDGET_KIB: u32 = 12 * 1024;
/// How much of a body needs no share of the budget: more than a request that a function accepts. The number of
/// connections bounds how many there are.
const FREE_BYTES: usize = 128 * 1024;
/// How long a large body may wait for its share.
const SHARE_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a too large body is read and discarded, so that its sender gets to the answer.
const THROWN_AWAY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What large bodies may hold together.
#[derive(Clone)]
pub(crate) struct BodyBudget(Arc<Semaphore>);

impl BodyBudget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET_KIB as usize)))
    }

    /// Reads a complete body. The permit holds the budget's share of a large one.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), EdgeProblem> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let mut stream = body.into_data_stream();
        if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
            throw_away(stream).await;
            return Err(EdgeProblem::TooLarge);
        }
        let (mut bytes, mut share) = (Vec::new(), None);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| EdgeProblem::Incomplete)?;
            let arrived = bytes.len() + chunk.len();
            if arrived > BODY_BYTES_MAX {
                throw_away(stream).await;
                return Err(EdgeProblem::TooLarge);
            }
            // The whole share at once: two bodies that had a part each could wait for each other.
            if arrived > FREE_BYTES && share.is_none() {
                share = Some(self.share(announced.unwrap_or(BODY_BYTES_MAX)).await?);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes, share))
    }

    async fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, EdgeProblem> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(BUDGET_KIB);
        let share = tokio::time::timeout(SHARE_TIMEOUT, self.0.clone().acquire_many_owned(kib)).await;
        if let Ok(Ok(share)) = share { Ok(share) } else { Err(EdgeProblem::Busy) }
    }
}

async fn throw_away(mut stream: BodyDataStream) {
    let mut bytes = 0;
    // A client that sends more, or too slowly, gets a closed connection instead of an answer.
    while let Some(Ok(chunk)) = stream.next().await {
        bytes += chunk.len();
        if bytes > THROWN_AWAY_BYTES_MAX {
            break;
        }
    }
}
