//! Wires export-records.

use alims_edge::reader::token::TokenReader;
use alims_export::{REQUEST_TIMEOUT, deployed};
use alims_operations::export_records::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_stepfunctions::ExportMachine;
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let (bucket, key) = (settings.export_bucket()?, settings.signing_key()?);
    let time_and_ids = (Arc::new(SystemClock) as _, Arc::new(FreshIds) as _);
    let exporting = deployed(&aws, (&bucket, &key), REQUEST_TIMEOUT, log, time_and_ids);
    let ports = Ports { exporting, starter: ExportMachine::new(&aws, &settings.export_state_machine()?)?, policy };
    warm_log(&ports.exporting.log).await;
    serve(|request| export_records::export_records(&ports, tokens.attach(request))).await
}
