//! Wires recover-workflow.

use alims_edge::reader::token::TokenReader;
use alims_operations::StartPorts;
use alims_operations::recover_workflow::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let starter = alims_stepfunctions::StepFunctionsStarter::new(&aws, &settings.recovery_state_machine()?)?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let starting = StartPorts { log, starter, clock: Arc::new(SystemClock) };
    let ports = Ports { starting, policy, ids: Arc::new(FreshIds) };
    warm_log(&ports.starting.log).await;
    serve(|request| recover_workflow::recover_workflow(&ports, tokens.attach(request))).await
}
