//! recovery-step as it is deployed, but that its rules give no verdict the first times they are asked about a workflow.
//!
//! The embedded engine is always there, so a scenario of the deployed service has no other way to see the state machine
//! sit out an outage. `cargo xtask e2e` puts this in place of the deployed binary for that scenario, and nobody else does.

use alims_core::identifiers::WorkflowKey;
use alims_core::operations::{Publishing, recovery_step::Recovering};
use alims_core::ports::{RulesQuestion, RulesUnavailable, TransitionRules, Verdict};
use alims_rules::EmbeddedRules;
use alims_runtime::{SystemClock, aws_config, carry_out, start, warm_log};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How often the rules give no verdict on a workflow.
const OUTAGES: u32 = 2;

struct AbsentAtFirst {
    rules: EmbeddedRules,
    asked: Mutex<BTreeMap<WorkflowKey, u32>>,
}

impl TransitionRules for AbsentAtFirst {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let asked = {
            let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = all.entry(question.workflow.key.clone()).or_default();
            *asked += 1;
            *asked
        };
        if asked <= OUTAGES {
            return Err(RulesUnavailable("away on purpose".into()));
        }
        self.rules.judge(question).await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), alims_runtime::Error> {
    let (settings, aws) = (start(), aws_config().await);
    let client = alims_dynamodb::client(&aws);
    let log = alims_dynamodb::DynamoLog::new(client.clone(), settings.log_table()?);
    let index = alims_dynamodb::DynamoIndex::new(client, settings.index_table()?);
    let bus = alims_eventbridge::EventBridgeBus::new(&aws, settings.event_bus()?);
    let rules = AbsentAtFirst { rules: EmbeddedRules::load(&settings.rules_dir())?, asked: Mutex::default() };
    let ports = Recovering { publishing: Publishing { log, index, bus }, rules, clock: Arc::new(SystemClock) };
    warm_log(&ports.publishing.log).await;
    carry_out(|document| recovery_step::recovery_step(&ports, document)).await
}
