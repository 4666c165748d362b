//! Wires get-workflow-recovery.

use alims_edge::reader::token::TokenReader;
use alims_operations::get_workflow_recovery::Ports;
use alims_runtime::{aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let starter = alims_stepfunctions::StepFunctionsStarter::new(&aws, &settings.recovery_state_machine()?)?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { log, starter, policy };
    warm_log(&ports.log).await;
    serve(|request| get_workflow_recovery::get_workflow_recovery(&ports, tokens.attach(request))).await
}
