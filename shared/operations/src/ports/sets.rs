//! Sets of ports that several operations share.

use std::sync::Arc;

use crate::ports::access::AccessPolicy;
use crate::ports::clock::{Clock, Ids};

/// The ports of an operation that decides and appends.
#[derive(Clone)]
pub struct DecisionPorts<L, R> {
    /// The log.
    pub log: L,
    /// The laboratory's rules.
    pub rules: R,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// The ports of an operation that only reads: one store and the policies.
#[derive(Clone)]
pub struct ReadPorts<S> {
    /// The log or the index.
    pub store: S,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
}

/// The ports of publishing.
#[derive(Clone)]
pub struct PublishPorts<L, I, B> {
    /// The log, which supplies missing events.
    pub log: L,
    /// The index, which holds the published version of each workflow.
    pub index: I,
    /// The event bus.
    pub bus: B,
}
