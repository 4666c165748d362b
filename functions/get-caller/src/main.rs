//! Wires get-caller.

use alims_edge::reader::token::TokenReader;
use alims_operations::get_caller::Ports;
use alims_runtime::{serve, start};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { policy };
    serve(|request| get_caller::get_caller(&ports, tokens.attach(request))).await
}
