//! The ports that several operations need together.

use std::sync::Arc;

use crate::ports::access::AccessPolicy;
use crate::ports::clock::{Clock, Ids};

/// What an operation that decides and appends needs.
#[derive(Clone)]
pub struct DecisionPorts<L, R> {
    /// The log.
    pub log: L,
    /// The laboratory's rules.
    pub rules: R,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// What an operation that only reads needs: one store, and who may.
#[derive(Clone)]
pub struct ReadPorts<S> {
    /// The log or the index.
    pub store: S,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
}

/// What publishing needs.
#[derive(Clone)]
pub struct PublishPorts<L, I, B> {
    /// The log, where gaps are filled from.
    pub log: L,
    /// The index, which holds how far each workflow is published.
    pub index: I,
    /// Where events go.
    pub bus: B,
}
