//! Wires get-export.

use alims_edge::reader::token::TokenReader;
use alims_export::Unavailable;
use alims_operations::get_export::Ports;
use alims_runtime::{SystemClock, serve, start};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { store: Unavailable, policy, clock: Arc::new(SystemClock) };
    serve(|request| get_export::get_export(&ports, tokens.attach(request))).await
}
