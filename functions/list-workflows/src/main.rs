//! Wires list-workflows.

use alims_edge::reader::token::TokenReader;
use alims_operations::list_workflows::Ports;
use alims_runtime::{SystemClock, aws_config, serve, start, warm_index};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let store = Store::chosen_by(settings, &aws_config().await);
    let (log, index) = (store.log()?, store.index()?);
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { log, index, policy, clock: Arc::new(SystemClock) };
    warm_index(&ports.index).await;
    serve(|request| list_workflows::list_workflows(&ports, tokens.attach(request))).await
}
