//! Wires replay-events.

use alims_edge::reader::token::TokenReader;
use alims_operations::PublishPorts;
use alims_operations::replay_events::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let (log, index) = (store.log()?, store.index()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let publishing = PublishPorts { log, index, bus };
    let ports = Ports { publishing, policy, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    warm_log(&ports.publishing.log).await;
    serve(|request| replay_events::replay_events(&ports, tokens.attach(request))).await
}
