//! Wires recover-workflow.

use alims_core::operations::{Deciding, Publishing, recover_workflow::Recovering};
use alims_rules::Rules;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let client = alims_dynamodb::client(&aws);
    let log = alims_dynamodb::DynamoLog::new(client.clone(), settings.log_table()?);
    let index = alims_dynamodb::DynamoIndex::new(client, settings.index_table()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(FreshIds));
    let rules = Rules::chosen_by(settings.variables(), &settings.rules_dir(), clock.clone(), ids.clone())?;
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let deciding = Deciding { log: log.clone(), rules, policy, clock, ids };
    let ports = Recovering { deciding, publishing: Publishing { log, index, bus } };
    tokio::join!(warm_log(&ports.publishing.log), ports.deciding.rules.warm());
    serve(|request| recover_workflow::recover_workflow(&ports, request)).await
}
