//! Wires verify-workflow-history.

use alims_anchors::deployed_witness;
use alims_edge::reader::token::TokenReader;
use alims_operations::ReadPorts;
use alims_operations::verify_workflow_history::Ports;
use alims_runtime::{aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let store = Store::chosen_by(settings, &aws);
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let witness = settings.witness_bucket().zip(settings.signing_key().ok());
    let anchors = witness.map(|(bucket, key)| deployed_witness(&aws, &bucket, &key));
    let ports = Ports { reading: ReadPorts { store: store.log()?, policy }, index: store.index()?, anchors };
    warm_log(&ports.reading.store).await;
    serve(|request| verify_workflow_history::verify_workflow_history(&ports, tokens.attach(request))).await
}
