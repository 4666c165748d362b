//! Wires get-sweep.

use alims_edge::reader::token::TokenReader;
use alims_operations::get_sweep::Ports;
use alims_runtime::{aws_config, serve, start, warm_index};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let store = Store::chosen_by(settings, &aws_config().await).index()?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { store, policy };
    warm_index(&ports.store).await;
    serve(|request| get_sweep::get_sweep(&ports, tokens.attach(request))).await
}
