//! The engines elsewhere keep the contract of their port: ours over HTTP, and ALIMS's own by its interface.

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_rules::{AlimsRules, RemoteRules};
use alims_testing::SequentialIds;
use alims_testing::contract::rules::{EngineStage, RULES, WORKFLOW_TYPE, answer};
use alims_testing::fake_engine::{Deed, FakeEngine, http};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::alims_engine::AlimsEngine;
use crate::asking::reach;

/// An engine that keeps our contract, and the adapter that asks it.
struct Remote {
    engine: FakeEngine,
    rules: RemoteRules,
}

async fn remote() -> Remote {
    let engine = FakeEngine::that(Deed::Judge(answer)).await;
    let rules = RemoteRules::new(reach(&engine.url)).unwrap();
    Remote { engine, rules }
}

impl TransitionRules for Remote {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.rules.judge(question).await
    }
}

impl EngineStage for Remote {
    fn rules(&self) -> &impl TransitionRules {
        &self.rules
    }

    fn fails(&self, fails: bool) {
        let down = Deed::Bytes(http("503 Service Unavailable", "", b""));
        self.engine.from_now_on(if fails { down } else { Deed::Judge(answer) });
    }
}

mod over_the_contract {
    use super::remote;

    alims_testing::rules_contract!(remote().await);
    alims_testing::engine_contract!(remote().await);
}

/// ALIMS's own engine, and the adapter that asks it.
struct Alims {
    engine: AlimsEngine,
    rules: AlimsRules,
}

async fn alims() -> Alims {
    let fields = RULES.map(|(id, ..)| (id, format!("transition.metadata.{id}")));
    let rules: Vec<_> = fields.iter().map(|(id, field)| (*id, field.as_str(), "yes")).collect();
    let engine = AlimsEngine::with(&rules).await;
    let mut applicable = "ruleset: contract\nversion: \"1\"\ninactive_rules: refuse\napplicable:\n".to_owned();
    for (id, of) in RULES {
        let moved = format!("moves: [{}]", of.in_yaml());
        writeln!(applicable, "  - {{ workflow_types: [{WORKFLOW_TYPE}], {moved}, rules: [{id}] }}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("predicate-logic")).unwrap();
    std::fs::write(folder.path().join("predicate-logic/applicable.yaml"), applicable).unwrap();
    let rules = AlimsRules::load(reach(&engine.url), folder.path(), Arc::new(SequentialIds::default())).unwrap();
    Alims { engine, rules }
}

impl TransitionRules for Alims {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.rules.judge(question).await
    }
}

impl EngineStage for Alims {
    fn rules(&self) -> &impl TransitionRules {
        &self.rules
    }

    fn fails(&self, fails: bool) {
        self.engine.fails(fails);
    }
}

mod alims_s_own {
    use super::alims;

    alims_testing::rules_contract!(alims().await);
    alims_testing::engine_contract!(alims().await);
}
