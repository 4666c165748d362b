//! Wires get-workflow-state.

use alims_core::operations::Reading;
use alims_core::operations::get_workflow_state::Evaluating;
use alims_runtime::{SystemClock, aws_config, serve, start, warm_log};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let client = alims_dynamodb::client(&aws_config().await);
    let store = alims_dynamodb::DynamoLog::new(client, settings.log_table()?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let rules = alims_rules::EmbeddedRules::load(&settings.rules_dir())?;
    let ports = Evaluating { reading: Reading { store, policy }, rules, clock: Arc::new(SystemClock) };
    warm_log(&ports.reading.store).await;
    serve(|request| get_workflow_state::get_workflow_state(&ports, request)).await
}
