//! The facts in the engine, and the removal of each one.
//!
//! The engine's working memory is bounded and shared: a fact left there occupies space until the engine restarts. So a
//! fact is removed whatever the judgement gave, even if its caller went away. A failed removal is repeated together
//! with later ones.

use alims_operations::ports::Ids;
use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::interface::{BASE, FactGiven};
use crate::http::{AFTERWARDS_MAX, Call, EngineFault, Line, Wanted};

/// Facts of this process that are in the engine at the same time.
const FACTS_AT_ONCE_MAX: usize = 32;
/// How long a removal may take. It comes after the verdict, and the caller waits for it too.
const REMOVAL_MAX: Duration = AFTERWARDS_MAX;
/// Facts left behind that are remembered. Beyond that the engine has lost its memory long ago, or will.
const LEFT_BEHIND_MAX: usize = 1000;
/// Facts left behind that are tried again along with one removal.
const TRIED_AGAIN_MAX: usize = 8;

/// The facts of this process.
pub(super) struct Facts {
    line: Arc<Line>,
    ids: Arc<dyn Ids>,
    room: Semaphore,
    left_behind: Mutex<VecDeque<String>>,
}

/// One fact; it is in the engine, or may be, once it has been given.
pub(super) struct Fact<'f> {
    facts: &'f Arc<Facts>,
    id: String,
    in_engine: bool,
    arrived: bool,
    _room: SemaphorePermit<'f>,
}

impl Facts {
    pub(super) fn new(line: Arc<Line>, ids: Arc<dyn Ids>) -> Arc<Self> {
        let room = Semaphore::new(FACTS_AT_ONCE_MAX);
        Arc::new(Self { line, ids, room, left_behind: Mutex::default() })
    }

    /// A fact with a unique id, as soon as there is space for it.
    pub(super) async fn fresh(self: &Arc<Self>) -> Result<Fact<'_>, EngineFault> {
        let room = self.room.acquire().await.map_err(|error| EngineFault::Unasked(error.into()))?;
        let id = format!("workflow-manager-{}", self.ids.fresh());
        Ok(Fact { facts: self, id, in_engine: false, arrived: false, _room: room })
    }

    /// Gives a fact to the engine.
    ///
    /// A fact that it refuses may be there all the same: the answer to a first try was lost, and it takes no id twice.
    async fn give(&self, id: &str, call: &Call) -> Result<(), EngineFault> {
        let reply = self.line.call(call).await?;
        match reply.status {
            ..300 => Ok(()),
            400 if self.has(id).await? => Ok(()),
            status => Err(EngineFault::FactNotTaken(status)),
        }
    }

    /// Whether the engine has a fact.
    async fn has(&self, id: &str) -> Result<bool, EngineFault> {
        let reply = self.line.call(&about(Method::GET, id)).await?;
        match reply.status {
            ..300 => Ok(true),
            404 => Ok(false),
            status => Err(EngineFault::Status(status)),
        }
    }

    /// Removes a fact, or remembers it for a later removal.
    ///
    /// A fact that has `arrived` and is missing counts as removed: the engine loses all facts when it restarts. Another
    /// may still be in transit, so a later call looks for it once more.
    async fn remove(&self, id: String, arrived: bool) {
        let removed = timeout(REMOVAL_MAX, self.removed(&id, arrived)).await;
        let Err(fault) = removed.unwrap_or(Err(EngineFault::Late(REMOVAL_MAX))) else {
            return;
        };
        let error: &dyn std::error::Error = &fault;
        tracing::warn!(fact = id, error, "a fact may be left in the rules engine and will be removed later");
        self.remember(id);
    }

    /// The engine answers 400 when the fact is missing, and when it does not understand us.
    async fn removed(&self, id: &str, arrived: bool) -> Result<(), EngineFault> {
        let reply = self.line.call(&about(Method::DELETE, id)).await?;
        match reply.status {
            ..300 => Ok(()),
            400 | 404 if arrived && !self.has(id).await? => Ok(()),
            status => Err(EngineFault::Status(status)),
        }
    }

    /// Retries some of the failed removals.
    async fn sweep(&self) {
        let ids: Vec<String> = {
            let mut left = self.left_behind();
            let some = left.len().min(TRIED_AGAIN_MAX);
            left.drain(..some).collect()
        };
        join_all(ids.into_iter().map(|id| self.remove(id, true))).await;
    }

    fn remember(&self, id: String) {
        let mut left = self.left_behind();
        if left.len() == LEFT_BEHIND_MAX {
            let oldest = left.pop_front();
            tracing::error!(fact = oldest, "a fact may stay in the rules engine until that is started anew");
        }
        left.push_back(id);
    }

    fn left_behind(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.left_behind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fact<'_> {
    /// Its name in the engine.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Gives it to the engine. From here on the engine may hold it, even after an error.
    pub(super) async fn give(&mut self, attributes: &Map<String, Value>) -> Result<(), EngineFault> {
        let body = serde_json::to_vec(&FactGiven::new(&self.id, attributes));
        let body = body.map_err(|error| EngineFault::Unasked(error.into()))?.into();
        let call = Call { method: Method::POST, path: format!("{BASE}/facts"), body, wanted: Wanted::Success };
        self.in_engine = true;
        let given = self.facts.give(&self.id, &call).await;
        // After an answer, of success or not, it is no longer in transit.
        self.arrived = matches!(given, Ok(()) | Err(EngineFault::FactNotTaken(_)));
        given
    }

    /// Checks that the engine still has it, so that it had it during an evaluation that came before.
    pub(super) async fn still_there(&self) -> Result<(), EngineFault> {
        if self.facts.has(&self.id).await? { Ok(()) } else { Err(EngineFault::FactLost) }
    }

    /// Removes it from the engine. While the engine answers, this also retries facts left behind.
    pub(super) async fn taken_out(mut self, engine_answers: bool) {
        if !self.in_engine {
            return;
        }
        let (facts, id, arrived) = (Arc::clone(self.facts), self.id.clone(), self.arrived);
        // In a task of its own: the caller's future may be dropped in the middle of the removal.
        let removal = Handle::current().spawn(async move {
            let sweep = async {
                if engine_answers {
                    facts.sweep().await;
                }
            };
            tokio::join!(facts.remove(id, arrived), sweep);
        });
        self.in_engine = false;
        if let Err(error) = removal.await {
            tracing::error!(%error, "a removal broke down");
        }
    }
}

impl Drop for Fact<'_> {
    /// The caller went away before the judgement was over.
    fn drop(&mut self) {
        if !self.in_engine {
            return;
        }
        let (facts, id, arrived) = (Arc::clone(self.facts), self.id.clone(), self.arrived);
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { facts.remove(id, arrived).await })),
            Err(_) => facts.remember(id),
        }
    }
}

fn about(method: Method, id: &str) -> Call {
    Call { method, path: format!("{BASE}/facts/{id}"), body: Bytes::new(), wanted: Wanted::Success }
}
