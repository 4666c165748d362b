//! Wires list-activity.

use alims_edge::reader::token::TokenReader;
use alims_operations::list_activity::Ports;
use alims_operations::ports::ReadPorts;
use alims_runtime::{SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let store = Store::chosen_by(settings, &aws_config().await).log()?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { reading: ReadPorts { store, policy }, clock: Arc::new(SystemClock) };
    warm_log(&ports.reading.store).await;
    serve(|request| list_activity::list_activity(&ports, tokens.attach(request))).await
}
