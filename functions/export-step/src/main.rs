//! Wires export-step.

use alims_export::{JOB_TIMEOUT, deployed};
use alims_runtime::{FreshIds, SystemClock, aws_config, carry_out, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let (bucket, key) = (settings.export_bucket()?, settings.signing_key()?);
    let time_and_ids = (Arc::new(SystemClock) as _, Arc::new(FreshIds) as _);
    let ports = deployed(&aws, (&bucket, &key), JOB_TIMEOUT, log, time_and_ids);
    warm_log(&ports.log).await;
    carry_out(|turn| export_step::export_step(&ports, turn)).await
}
