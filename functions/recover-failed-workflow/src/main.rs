//! Wires recover-failed-workflow.

use alims_operations::recover_failed_workflow::Ports;
use alims_runtime::{SystemClock, aws_config, carry_out, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let starter = alims_stepfunctions::StepFunctionsStarter::new(&aws, &settings.recovery_state_machine()?)?;
    let ports = Ports { log, starter, clock: Arc::new(SystemClock) };
    warm_log(&ports.log).await;
    carry_out(|event| recover_failed_workflow::recover_failed_workflow(&ports, event)).await
}
