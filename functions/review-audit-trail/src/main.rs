//! Wires review-audit-trail.

use alims_edge::reader::token::TokenReader;
use alims_operations::review_audit_trail::Ports;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let settings = start();
    let log = Store::chosen_by(settings, &aws_config().await).log()?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { log, policy, clock: Arc::new(SystemClock), ids: Arc::new(FreshIds) };
    warm_log(&ports.log).await;
    serve(|request| review_audit_trail::review_audit_trail(&ports, tokens.attach(request))).await
}
