//! Wires get-workflow-recovery.

use alims_core::operations::get_workflow_recovery::Assessing;
use alims_runtime::{aws_config, serve, start, warm_log};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let client = alims_dynamodb::client(&aws_config().await);
    let log = alims_dynamodb::DynamoLog::new(client.clone(), settings.log_table()?);
    let index = alims_dynamodb::DynamoIndex::new(client, settings.index_table()?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Assessing { log, index, policy };
    warm_log(&ports.log).await;
    serve(|request| get_workflow_recovery::get_workflow_recovery(&ports, request)).await
}
