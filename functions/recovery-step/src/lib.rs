//! The handler of recovery-step: it takes a recovery document and returns the next one, or an error that the state
//! machine knows.

use alims_domain::identifiers::CorrelationId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{EventBus, QuarantineLog, RecoveryLog, TransitionRules, WorkflowIndex, WorkflowLog};
use alims_operations::recovery_step::{self as operation, Ports};
use alims_runtime::Failure;
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "recovery-step";

/// Makes one turn.
///
/// # Errors
/// An error whose name tells the state machine whether to retry.
pub async fn recovery_step<L, I, B, R>(
    ports: &Ports<L, I, B, R>,
    document: RecoveryDocument,
) -> Result<RecoveryDocument, Failure>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let span = tracing::info_span!(
        "turn",
        operation = OPERATION,
        correlation_id = document.correlation_id.as_ref().map(CorrelationId::as_str),
        recovery_id = %document.recovery_id,
        key = %document.key(),
        turn = ?document.next,
    );
    let made = operation::recovery_step(ports, document).instrument(span.clone()).await;
    let _entered = span.entered();
    match made {
        Ok(next) => {
            metrics::answered(OPERATION, Outcome::Done);
            let outcome = next.outcome.as_ref().map(|outcome| outcome.status);
            tracing::info!(next = ?next.next, ?outcome, "turned");
            if outcome == Some(OutcomeStatus::Quarantined) {
                tracing::error!("the workflow is quarantined");
            }
            Ok(next)
        }
        Err(error) => {
            metrics::answered(OPERATION, Outcome::Failed);
            let failure = Failure::new(error.name(), &error);
            tracing::warn!(why = %failure, "no turn was made");
            Err(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;
    use alims_domain::recovery::document::Next;
    use alims_operations::PublishPorts;
    use alims_testing::builders::{a_claim, a_created, a_key, a_move, at};
    use alims_testing::{FixedClock, MemoryBus, MemoryIndex, MemoryLog, RulesThatAllow, RulesThatAreDown};
    use std::sync::Arc;

    fn ports<R>(rules: R) -> Ports<MemoryLog, MemoryIndex, MemoryBus, R> {
        let (log, index, bus) = (MemoryLog::default(), MemoryIndex::default(), MemoryBus::default());
        let created = a_created("w");
        let active = a_move(&created, State::Active);
        let failed = a_move(&active, State::Failed);
        [created, active, failed].into_iter().for_each(|version| log.overwrite(version));
        Ports { publishing: PublishPorts { log, index, bus }, rules, clock: Arc::new(FixedClock::new(at(9000))) }
    }

    #[tokio::test]
    async fn a_document_is_handed_on_until_it_ends() {
        let ports = ports(RulesThatAllow);
        let mut document = RecoveryDocument::of(&a_claim(&a_key("w"), 3, 1));
        while document.next != Next::End {
            let json = serde_json::to_string(&recovery_step(&ports, document).await.expect("a turn")).expect("JSON");
            document = serde_json::from_str(&json).expect("what one turn writes the next one reads");
        }
        assert_eq!(document.outcome.map(|outcome| outcome.status), Some(OutcomeStatus::Recovered));
        assert_eq!(ports.publishing.bus.accepted().len(), 4);
    }

    #[tokio::test]
    async fn an_error_has_the_name_that_the_state_machine_knows() {
        let ports = ports(RulesThatAreDown);
        let document = RecoveryDocument::of(&a_claim(&a_key("w"), 3, 1));
        let document = recovery_step(&ports, document).await.expect("a turn");
        let failure = recovery_step(&ports, document).await.expect_err("the rules are down");
        assert_eq!(failure.name(), "RulesUnavailable");
    }
}
