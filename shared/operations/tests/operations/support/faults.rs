//! A request that is repeated while each call of it fails once.

use alims_domain::event::WorkflowEvent;
use alims_operations::Accepted;
use alims_testing::{CallFault, Script};

/// Asks twice, and again as long as there is no answer, as a client does; one fault takes one more request.
pub(crate) async fn asked_twice_and_until_answered<E: std::fmt::Debug>(
    ask: impl AsyncFn() -> Result<Accepted, E>,
) -> WorkflowEvent {
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.extend(ask().await);
    }
    assert!(answers.len() >= 2, "one fault must not cost two answers");
    assert!(answers[1..].iter().all(|answer| answer.repeated && answer.event == answers[0].event));
    answers.remove(0).event
}

/// Runs once to count the calls, then once for every call and both kinds of fault.
pub(crate) async fn each_step_failed(attempt: impl AsyncFn(&Script)) {
    let script = Script::default();
    attempt(&script).await;
    assert!(!script.calls().is_empty());
    for call in 0..script.calls().len() {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}
