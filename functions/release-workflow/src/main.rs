//! Wires release-workflow.

use alims_operations::release_workflow::Releasing;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let client = alims_dynamodb::client(&aws_config().await);
    let log = alims_dynamodb::DynamoLog::new(client.clone(), settings.log_table()?);
    let index = alims_dynamodb::DynamoIndex::new(client, settings.index_table()?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Releasing { log, index, policy, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    warm_log(&ports.log).await;
    serve(|request| release_workflow::release_workflow(&ports, request)).await
}
