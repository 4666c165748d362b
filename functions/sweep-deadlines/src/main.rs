//! Wires sweep-deadlines.

use alims_domain::limits::SWEEP_PART_ENTRIES;
use alims_operations::sweep_deadlines::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, carry_out, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let index = store.index()?.walking_at_most(SWEEP_PART_ENTRIES);
    let ports = Ports { log: store.log()?, index, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    warm_log(&ports.log).await;
    carry_out(|event| sweep_deadlines::sweep_deadlines(&ports, event)).await
}
