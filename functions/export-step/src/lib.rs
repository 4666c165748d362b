//! The handler of export-step: it takes the turn of an export and returns the next one, or an error that the state machine
//! knows.

use alims_domain::export::{ExportFailure, ExportTurn, NextTurn};
use alims_operations::export_step::{self as operation, ExportNext, ExportStepError, fail_export};
use alims_operations::exporting::{ExportPorts, ExportedLog};
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{AuditEntries, ExportPlace, ExportStore, Signer};
use alims_runtime::Failure;
use tracing::Instrument;

/// The operation's name in logs and metrics.
const OPERATION: &str = "export-step";

/// Makes one turn: a step, or the record that the export failed.
///
/// # Errors
/// An error whose name tells the state machine whether to retry.
pub async fn export_step<L, X, S>(ports: &ExportPorts<L, X, S>, turn: ExportTurn) -> Result<ExportTurn, Failure>
where
    L: ExportedLog + AuditEntries,
    X: ExportStore,
    S: Signer,
{
    let span = tracing::info_span!(
        "turn",
        operation = OPERATION,
        tenant = turn.tenant_id.as_str(),
        export_id = %turn.export_id,
    );
    let made = next(ports, &turn).instrument(span.clone()).await;
    let _entered = span.entered();
    metrics::answered(OPERATION, if made.is_ok() { Outcome::Done } else { Outcome::Failed });
    match made {
        Ok(next) => {
            if turn.next == NextTurn::Fail {
                tracing::error!("the export failed");
            }
            Ok(ExportTurn { next, ..turn })
        }
        Err(error) => {
            let failure = Failure::new(error.name(), &error);
            tracing::warn!(why = %failure, "no step was made");
            Err(failure)
        }
    }
}

async fn next<L, X, S>(ports: &ExportPorts<L, X, S>, turn: &ExportTurn) -> Result<NextTurn, ExportStepError>
where
    L: ExportedLog + AuditEntries,
    X: ExportStore,
    S: Signer,
{
    let place = ExportPlace { tenant_id: turn.tenant_id.clone(), export_id: turn.export_id };
    match turn.next {
        NextTurn::Step => Ok(match operation::export_step(ports, &place).await? {
            ExportNext::Step => NextTurn::Step,
            ExportNext::Nothing => NextTurn::Nothing,
        }),
        NextTurn::Fail => {
            fail_export(ports, &place, ExportFailure::ExportInterrupted).await?;
            Ok(NextTurn::Nothing)
        }
        NextTurn::Nothing => Ok(NextTurn::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::export::{EXPORT_FORMAT, ExportJob, ExportSelection, OfPeriod};
    use alims_export::ZipFormat;
    use alims_operations::ports::ExportDocument;
    use alims_testing::builders::{a_created, at};
    use alims_testing::{FixedClock, MemoryExports, MemoryLog, NoKey, SequentialIds};
    use serde_json::json;
    use std::sync::Arc;

    fn ports() -> ExportPorts<MemoryLog, MemoryExports, NoKey> {
        let log = MemoryLog::default();
        log.overwrite(a_created("w"));
        ExportPorts {
            log,
            store: MemoryExports::default(),
            signer: NoKey,
            format: Arc::new(ZipFormat),
            clock: Arc::new(FixedClock::new(at(9000))),
            ids: Arc::new(SequentialIds::default()),
        }
    }

    async fn asked(ports: &ExportPorts<MemoryLog, MemoryExports, NoKey>) -> ExportTurn {
        let job = ExportJob {
            format: EXPORT_FORMAT,
            export_id: "019ab000-0000-7000-8000-000000000042".parse().expect("an id"),
            tenant_id: "default".parse().expect("a tenant"),
            selection: ExportSelection::Period(OfPeriod { from: at(0), to: at(9000), principal: None, kind: None }),
            reason: None,
            requested_by: "audrey".parse().expect("a principal"),
            requested_at: at(9000),
            correlation_id: None,
            cut: at(9000),
            head: None,
        };
        let bytes = serde_json::to_vec(&job).expect("JSON");
        ports.store.keep(&ExportPlace::of(&job), ExportDocument::Job, bytes).await.expect("a store in memory");
        ExportTurn { tenant_id: job.tenant_id, export_id: job.export_id, next: NextTurn::Step }
    }

    #[tokio::test]
    async fn a_turn_is_handed_on_until_the_archive_is_there() {
        let ports = ports();
        let mut turn = asked(&ports).await;
        let place = ExportPlace { tenant_id: turn.tenant_id.clone(), export_id: turn.export_id };
        for _turn in 0..10 {
            let json = serde_json::to_value(export_step(&ports, turn).await.expect("a turn")).expect("JSON");
            turn = serde_json::from_value(json).expect("what one turn writes the next one reads");
            if turn.next == NextTurn::Nothing {
                break;
            }
        }
        assert_eq!(turn.next, NextTurn::Nothing);
        assert!(ports.store.archive_of(&place).is_some());
    }

    #[tokio::test]
    async fn an_export_that_is_given_up_says_so() {
        let ports = ports();
        let turn = ExportTurn { next: NextTurn::Fail, ..asked(&ports).await };
        let turn = export_step(&ports, turn).await.expect("a turn");
        assert_eq!(turn.next, NextTurn::Nothing);
        let place = ExportPlace { tenant_id: turn.tenant_id, export_id: turn.export_id };
        let ending = ports.store.kept(&place, ExportDocument::Ending).await.expect("a store").expect("an end");
        assert!(String::from_utf8_lossy(&ending).contains("export-interrupted"));
    }

    #[tokio::test]
    async fn an_error_has_the_name_that_the_state_machine_knows() {
        let ports = ports();
        let turn = asked(&ports).await;
        ports.store.fail_after(Some(0));
        let failure = export_step(&ports, turn.clone()).await.expect_err("the store is down");
        assert_eq!(failure.name(), "StorageUnavailable");
        let unknown = ExportTurn { tenant_id: "other".parse().expect("a tenant"), ..turn };
        let failure = export_step(&ports, unknown).await.expect_err("another tenant's");
        assert_eq!(failure.name(), "ExportFailed");
    }

    #[test]
    fn the_document_of_the_state_machine_has_this_form() {
        let turn = json!({"tenant_id": "lab", "export_id": "019ab000-0000-7000-8000-000000000042", "next": "step"});
        let read: ExportTurn = serde_json::from_value(turn.clone()).expect("a turn");
        assert_eq!(serde_json::to_value(read).expect("JSON"), turn);
    }
}
