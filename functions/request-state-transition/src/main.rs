//! Wires request-state-transition.

use alims_core::operations::Deciding;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let client = alims_dynamodb::client(&aws_config().await);
    let log = alims_dynamodb::DynamoLog::new(client, settings.log_table()?);
    let rules = alims_rules::EmbeddedRules::load(&settings.rules_dir())?;
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Deciding { log, rules, policy, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    warm_log(&ports.log).await;
    serve(|request| request_state_transition::request_state_transition(&ports, request)).await
}
