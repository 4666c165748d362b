//! Wires sweep-workflows.

use alims_domain::limits::SWEEP_PART_ENTRIES;
use alims_operations::StartPorts;
use alims_operations::sweep_workflows::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, carry_out, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let log = store.log()?.walking_at_most(SWEEP_PART_ENTRIES);
    let index = store.index()?.walking_at_most(SWEEP_PART_ENTRIES);
    let starter = alims_stepfunctions::StepFunctionsStarter::new(&aws, &settings.recovery_state_machine()?)?;
    let starting = StartPorts { log, starter, clock: Arc::new(SystemClock) };
    let ports = Ports { starting, positions: index.clone(), index, ids: Arc::new(FreshIds) };
    warm_log(&ports.starting.log).await;
    carry_out(|event| sweep_workflows::sweep_workflows(&ports, event)).await
}
