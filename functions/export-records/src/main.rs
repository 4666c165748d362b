//! Wires export-records.

use alims_edge::reader::token::TokenReader;
use alims_export::{Unavailable, ZipFormat};
use alims_operations::export_records::Ports;
use alims_operations::exporting::ExportPorts;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let log = Store::chosen_by(settings, &aws_config().await).log()?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let (format, clock, ids) = (Arc::new(ZipFormat), Arc::new(SystemClock), Arc::new(FreshIds));
    let exporting = ExportPorts { log, store: Unavailable, signer: Unavailable, format, clock, ids };
    let ports = Ports { exporting, starter: Unavailable, policy };
    warm_log(&ports.exporting.log).await;
    serve(|request| export_records::export_records(&ports, tokens.attach(request))).await
}
