//! How a recovery is, told from what is recorded and from what carries it out, which may change while one is asked after
//! the other.

use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::records::RecoveryAttempt;
use alims_operations::ReadWorkflowError;
use alims_operations::get_workflow_recovery::{self, GetWorkflowRecoveryError, Progress, get_workflow_recovery};
use alims_operations::ports::{EndedHow, ExecutionStatus, RecoveryLog, RecoveryStarter, Start, StarterError};
use alims_testing::builders::{a_claim, a_full_record, a_key};
use alims_testing::{EverybodyMay, MemoryLog, MemoryStarter, NobodyMay};
use std::sync::Arc;

use crate::alice;
use crate::support::site::Site;

async fn followed<S: RecoveryStarter>(log: &MemoryLog, starter: S) -> Result<Progress, GetWorkflowRecoveryError> {
    let ports = get_workflow_recovery::Ports { log: log.clone(), starter, policy: Arc::new(EverybodyMay) };
    let status = get_workflow_recovery(&ports, &alice(), &"w".parse().unwrap()).await?;
    assert_eq!(status.quarantines, []);
    Ok(status.progress)
}

/// The attempts at version 3, by number, with its end when it has one.
fn attempt(number: u32, ended: bool) -> Box<RecoveryAttempt> {
    let claim = a_claim(&a_key("w"), 3, number);
    Box::new(RecoveryAttempt { ended: ended.then(|| a_full_record(&claim)), claim })
}

/// Its execution has ended when it is asked after, and something was recorded just before.
struct Meanwhile<'a>(&'a MemoryLog, Recorded);

enum Recorded {
    Nothing,
    ItsEnd,
    AnotherClaim,
}

impl RecoveryStarter for Meanwhile<'_> {
    async fn start(&self, _: &RecoveryDocument) -> Result<Start, StarterError> {
        unreachable!("nobody starts anything here")
    }

    async fn status(&self, _: &alims_domain::identifiers::RecoveryId) -> Result<ExecutionStatus, StarterError> {
        match self.1 {
            Recorded::Nothing => {}
            Recorded::ItsEnd => self.0.record_recovery(&a_full_record(&a_claim(&a_key("w"), 3, 1))).await.unwrap(),
            Recorded::AnotherClaim => drop(self.0.claim_recovery(&a_claim(&a_key("w"), 3, 2)).await.unwrap()),
        }
        Ok(ExecutionStatus::Ended(EndedHow::TimedOut))
    }
}

#[tokio::test]
async fn a_recovery_is_followed_from_its_claim_to_its_end() {
    let Site { log, .. } = Site::failed().await;
    let starter = MemoryStarter::default();
    assert_eq!(followed(&log, starter.clone()).await.unwrap(), Progress::None);
    let claim = a_claim(&a_key("w"), 3, 1);
    log.claim_recovery(&claim).await.unwrap();
    // Claimed and not started yet: whoever claimed is about to, or the sweep will.
    assert_eq!(followed(&log, starter.clone()).await.unwrap(), Progress::Running(attempt(1, false)));
    starter.start(&RecoveryDocument::of(&claim)).await.unwrap();
    assert_eq!(followed(&log, starter.clone()).await.unwrap(), Progress::Running(attempt(1, false)));
    starter.end(&claim.recovery_id, EndedHow::Failed);
    let vanished = Progress::Vanished(attempt(1, false), EndedHow::Failed);
    assert_eq!(followed(&log, starter.clone()).await.unwrap(), vanished);
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    assert_eq!(followed(&log, starter).await.unwrap(), Progress::Ended(attempt(1, true)));
    // What is recorded needs nobody who remembers the execution.
    assert_eq!(followed(&log, MemoryStarter::default()).await.unwrap(), Progress::Ended(attempt(1, true)));
}

#[tokio::test]
async fn an_outcome_recorded_while_the_execution_is_looked_up_counts() {
    for (recorded, progress) in [
        (Recorded::Nothing, Progress::Vanished(attempt(1, false), EndedHow::TimedOut)),
        (Recorded::ItsEnd, Progress::Ended(attempt(1, true))),
        (Recorded::AnotherClaim, Progress::Running(attempt(2, false))),
    ] {
        let Site { log, .. } = Site::failed().await;
        log.claim_recovery(&a_claim(&a_key("w"), 3, 1)).await.unwrap();
        assert_eq!(followed(&log, Meanwhile(&log, recorded)).await.unwrap(), progress);
    }
}

#[tokio::test]
async fn a_caller_who_may_not_see_a_recovery_learns_nothing_of_it() {
    let Site { log, .. } = Site::failed().await;
    let ports = get_workflow_recovery::Ports { log, starter: MemoryStarter::default(), policy: Arc::new(NobodyMay) };
    let refused = get_workflow_recovery(&ports, &alice(), &"w".parse().unwrap()).await;
    let forbidden = |error| matches!(error, GetWorkflowRecoveryError::Read(ReadWorkflowError::Forbidden(_)));
    assert!(refused.is_err_and(forbidden));
    let none = followed(&MemoryLog::default(), MemoryStarter::default()).await;
    let not_found = |error| matches!(error, GetWorkflowRecoveryError::Read(ReadWorkflowError::NotFound));
    assert!(none.is_err_and(not_found));
}
