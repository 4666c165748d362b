//! Wires list-rulesets.

use alims_edge::reader::token::TokenReader;
use alims_operations::list_rulesets::Ports;
use alims_runtime::{serve, start};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let rulesets = Arc::new(alims_rules::rulesets_chosen_by(settings.variables(), &settings.rules_dir())?);
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { rulesets, policy };
    serve(|request| list_rulesets::list_rulesets(&ports, tokens.attach(request))).await
}
