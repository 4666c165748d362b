//! Wires sign-workflow.

use alims_edge::reader::token::TokenReader;
use alims_operations::{DecisionPorts, sign_workflow::Ports};
use alims_rules::Rules;
use alims_runtime::{FreshIds, SystemClock, aws_config, serve, start, warm_log};
use alims_store::Store;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let log = Store::chosen_by(settings, &aws).log()?;
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(FreshIds));
    let secrets = |arn: &str| alims_secretsmanager::secret(&aws, arn);
    let rules = Rules::chosen_by(settings.variables(), &settings.rules_dir(), clock.clone(), ids.clone(), secrets)?;
    let tokens = Arc::new(TokenReader::chosen_by(settings.variables())?);
    let needed = sign_workflow::settings::chosen_by(settings.variables())?;
    let policy = Arc::new(alims_policy::CedarPolicy::load(&settings.policies_dir())?);
    let ports = Ports { decision: DecisionPorts { log, rules, policy, clock, ids }, needed };
    tokio::join!(warm_log(&ports.decision.log), ports.decision.rules.warm());
    serve(|request| sign_workflow::sign_workflow(&ports, tokens.attach(request))).await
}
