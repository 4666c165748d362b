//! The reference engine and the client of its contract keep the contract of the rules together.

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_local::RulesEngine;
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_rules::{Authorization, Reach, RemoteRules};
use alims_testing::contract::rules::in_cel;
use std::time::Duration;

/// The engine, and the client that asks it.
struct Reference {
    _engine: RulesEngine,
    client: RemoteRules,
}

async fn reference() -> Reference {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), in_cel()).unwrap();
    let engine = RulesEngine::start(0, folder.path()).await.unwrap();
    let endpoint = format!("http://{}", engine.address()).parse().unwrap();
    let reach = Reach { endpoint, deadline: Duration::from_secs(5), authorization: Authorization::None };
    Reference { _engine: engine, client: RemoteRules::new(reach).unwrap() }
}

impl TransitionRules for Reference {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.client.judge(question).await
    }
}

alims_testing::rules_contract!(reference().await);
