//! Wires get-export.

use alims_edge::reader::token::TokenReader;
use alims_export::{REQUEST_TIMEOUT, S3Exports};
use alims_operations::get_export::Ports;
use alims_runtime::{SystemClock, aws_config, serve, start};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let store = S3Exports::new(&aws, &settings.export_bucket()?, REQUEST_TIMEOUT);
    let ports = Ports { store, policy, clock: Arc::new(SystemClock) };
    serve(|request| get_export::get_export(&ports, tokens.attach(request))).await
}
