//! Requests transitions of many workflows at once. Each is a decision of its own, as request-state-transition makes it:
//! no transition depends on another one.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_domain::limits::BATCH_AT_ONCE_MAX;
use futures_util::stream::{self, StreamExt};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::append::Accepted;
use crate::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use crate::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, WouldBeAccepted, request_as, try_state_transition,
};

pub use crate::ports::DecisionPorts as Ports;

/// The operation's name in logs, policies and records.
const OPERATION: &str = "batch-state-transitions";

/// One of the requested transitions.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchItem {
    /// The workflow. No other item of the request names it.
    pub workflow_id: WorkflowId,
    /// The transition.
    pub request: TransitionRequest,
}

/// The time that a batch has: two futures that end at two instants. The caller brings the timers, as it does the ports.
#[derive(Debug)]
pub struct BatchTime<B, E> {
    /// Ends when no further item is begun.
    pub begins: B,
    /// Ends when what is under way is cut off.
    pub ends: E,
}

/// What became of one item.
#[derive(Debug)]
pub enum Attempted<T> {
    /// It was decided, or could not be.
    Answered(Result<T, RequestStateTransitionError>),
    /// It was begun, and the time was over before it had an answer: whether it has an effect is not known.
    CutOff,
    /// It was not begun: it has no effect.
    NotReached,
}

/// Makes each of these transitions of workflows of the caller's tenant, and answers in their order. A repetition with the
/// same idempotency key may name all of them, or only those that are left: each has its effect once.
pub async fn batch_state_transitions<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    items: &[BatchItem],
    time: BatchTime<impl Future<Output = ()>, impl Future<Output = ()>>,
) -> Vec<Attempted<Accepted>> {
    let each = items.iter().map(|item| request_as(OPERATION, ports, call, &item.workflow_id, &item.request));
    attempted(each.collect(), time).await
}

/// Decides each of these transitions and writes nothing, not even the record of a refusal.
pub async fn try_state_transitions<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    items: &[BatchItem],
    time: BatchTime<impl Future<Output = ()>, impl Future<Output = ()>>,
) -> Vec<Attempted<WouldBeAccepted>> {
    let each = items.iter().map(|item| try_state_transition(ports, call, &item.workflow_id, &item.request));
    attempted(each.collect(), time).await
}

/// Makes the attempts, some at a time, as long as there is time. A future does nothing before it is polled.
async fn attempted<T>(
    attempts: Vec<impl Future<Output = Result<T, RequestStateTransitionError>>>,
    BatchTime { begins, ends }: BatchTime<impl Future<Output = ()>, impl Future<Output = ()>>,
) -> Vec<Attempted<T>> {
    let mut results = Vec::new();
    results.resize_with(attempts.len(), || Attempted::NotReached);
    let begun: Vec<AtomicBool> = attempts.iter().map(|_| AtomicBool::new(false)).collect();
    let numbered = attempts.into_iter().enumerate().zip(&begun).map(|((number, attempt), begun)| async move {
        begun.store(true, Ordering::Relaxed);
        (number, attempt.await)
    });
    // The futures of a whole list have a type that names no closure, which a stream of them would keep.
    let numbered: Vec<_> = numbered.collect();
    let answers = stream::iter(numbered).take_until(begins).buffer_unordered(BATCH_AT_ONCE_MAX).take_until(ends);
    let mut answers = Box::pin(answers);
    while let Some((number, answer)) = answers.next().await {
        if let Some(result) = results.get_mut(number) {
            *result = Attempted::Answered(answer);
        }
    }
    drop(answers);
    for (result, begun) in results.iter_mut().zip(begun) {
        if begun.into_inner() && matches!(result, Attempted::NotReached) {
            *result = Attempted::CutOff;
        }
    }
    results
}
