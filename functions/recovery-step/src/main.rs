//! Wires recovery-step.

use alims_operations::PublishPorts;
use alims_operations::recovery_step::Ports;
use alims_rules::Rules;
use alims_runtime::{FreshIds, SystemClock, aws_config, carry_out, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let (log, index) = (store.log()?, store.index()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(FreshIds));
    let secrets = |arn: &str| alims_secretsmanager::secret(&aws, arn);
    let rules = Rules::chosen_by(settings.variables(), &settings.rules_dir(), clock.clone(), ids, secrets)?;
    let ports = Ports { publishing: PublishPorts { log, index, bus }, rules, clock };
    tokio::join!(warm_log(&ports.publishing.log), ports.rules.warm());
    carry_out(|document| recovery_step::recovery_step(&ports, document)).await
}
