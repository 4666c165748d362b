//! The contract of the recovery starter: an id runs once, and an unanswered call says nothing about an id.

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_operations::ports::{ExecutionStatus, RecoveryStarter, Start, StarterError};
use futures_util::future::join_all;

use crate::CallFault;
use crate::builders::{a_claim, a_fresh_tenant, a_key_of};

/// A starter with a fake of the service that runs recoveries, which a test reads and controls.
///
/// A started recovery runs until the test ends it.
pub trait StarterStage {
    /// The adapter.
    fn starter(&self) -> &impl RecoveryStarter;

    /// The number of runs, of any id.
    fn runs(&self) -> usize;

    /// Ends the run of this name. It has ended when this returns.
    fn end(&self, recovery_id: &RecoveryId) -> impl Future<Output = ()>;

    /// Forgets the run of this name, which has ended.
    fn forget(&self, recovery_id: &RecoveryId);
}

/// A starter whose service may fail.
pub trait FailingStarterStage: StarterStage {
    /// The next call of the adapter meets this: with its own further tries of it, too.
    fn fail_next_call(&self, fault: CallFault);
}

/// A recovery of a workflow that is nowhere, without a delay: once it makes its turns, it ends.
fn a_document() -> RecoveryDocument {
    let claim = a_claim(&a_key_of(&a_fresh_tenant(), "w-1"), 3, 1);
    RecoveryDocument { delay_seconds: 0, ..RecoveryDocument::of(&claim) }
}

async fn assert_status(stage: &impl StarterStage, document: &RecoveryDocument, expected: ExecutionStatus) {
    assert_eq!(stage.starter().status(&document.recovery_id).await.unwrap(), expected);
}

/// [`Start::Started`] the first time, and a run.
async fn assert_starts(stage: &impl StarterStage, document: &RecoveryDocument) {
    assert_eq!(stage.starter().start(document).await.unwrap(), Start::Started);
    assert_status(stage, document, ExecutionStatus::Running).await;
}

fn goes_on(outcome: &Result<Start, StarterError>) -> bool {
    matches!(outcome, Ok(Start::Started | Start::AlreadyRunning))
}

/// A caller whose answer was lost repeats the start, and learns that the recovery is running.
pub async fn a_start_that_is_repeated_runs_once_and_goes_on(stage: impl StarterStage) {
    let document = a_document();
    assert_starts(&stage, &document).await;
    for _ in 0..3 {
        let outcome = stage.starter().start(&document).await;
        assert!(goes_on(&outcome), "{outcome:?}");
    }
    assert_eq!(stage.runs(), 1);
    stage.end(&document.recovery_id).await;
    assert_eq!(stage.runs(), 1);
}

/// The name decides, not the document.
pub async fn a_name_under_way_is_already_running_for_another_document(stage: impl StarterStage) {
    let document = a_document();
    assert_starts(&stage, &document).await;
    let other = RecoveryDocument { reason: None, ..document };
    assert_eq!(stage.starter().start(&other).await.unwrap(), Start::AlreadyRunning);
    assert_eq!(stage.runs(), 1);
}

/// Exactly one of them runs, and every caller learns that it is running.
pub async fn racing_starts_of_a_name_run_once(stage: impl StarterStage) {
    let document = a_document();
    let outcomes = join_all((0..8).map(|_| stage.starter().start(&document))).await;
    assert!(outcomes.iter().all(goes_on), "{outcomes:?}");
    assert_eq!(stage.runs(), 1);
}

/// Each workflow's recovery is its own.
pub async fn names_are_kept_apart(stage: impl StarterStage) {
    let (first, second) = (a_document(), a_document());
    assert_starts(&stage, &first).await;
    assert_status(&stage, &second, ExecutionStatus::Unknown).await;
    assert_starts(&stage, &second).await;
    assert_eq!(stage.runs(), 2);
}

/// For the same document and for another.
pub async fn a_name_that_has_ended_has_ended_and_does_not_run_again(stage: impl StarterStage) {
    let document = a_document();
    assert_starts(&stage, &document).await;
    stage.end(&document.recovery_id).await;
    for document in [&document, &RecoveryDocument { reason: None, ..document.clone() }] {
        assert_eq!(stage.starter().start(document).await.unwrap(), Start::Ended);
        let status = stage.starter().status(&document.recovery_id).await.unwrap();
        assert!(matches!(status, ExecutionStatus::Ended(_)), "{status:?}");
    }
    assert_eq!(stage.runs(), 1);
}

/// Before it starts, and once the service has forgotten it: then it may run again.
pub async fn a_name_that_never_ran_or_is_forgotten_is_unknown(stage: impl StarterStage) {
    let document = a_document();
    assert_status(&stage, &document, ExecutionStatus::Unknown).await;
    assert_starts(&stage, &document).await;
    stage.end(&document.recovery_id).await;
    stage.forget(&document.recovery_id);
    assert_status(&stage, &document, ExecutionStatus::Unknown).await;
    assert_starts(&stage, &document).await;
}

/// Not that it knows no such name, and not that the request was wrong: the caller tries again later.
pub async fn a_service_that_does_not_answer_is_unavailable(stage: impl FailingStarterStage) {
    let document = a_document();
    stage.fail_next_call(CallFault::BeforeEffect);
    let outcome = stage.starter().start(&document).await;
    assert!(matches!(outcome, Err(StarterError::Unavailable(_))), "{outcome:?}");
    stage.fail_next_call(CallFault::BeforeEffect);
    let outcome = stage.starter().status(&document.recovery_id).await;
    assert!(matches!(outcome, Err(StarterError::Unavailable(_))), "{outcome:?}");
    assert_status(&stage, &document, ExecutionStatus::Unknown).await;
    assert_starts(&stage, &document).await;
}

/// The recovery started although the call failed; the next call learns that it is running.
pub async fn a_start_whose_answer_was_lost_is_found_by_the_next(stage: impl FailingStarterStage) {
    let document = a_document();
    stage.fail_next_call(CallFault::AfterEffect);
    let outcome = stage.starter().start(&document).await;
    assert!(matches!(outcome, Err(StarterError::Unavailable(_))), "{outcome:?}");
    assert_status(&stage, &document, ExecutionStatus::Running).await;
    let outcome = stage.starter().start(&document).await;
    assert!(goes_on(&outcome), "{outcome:?}");
    assert_eq!(stage.runs(), 1);
}
