//! The rules, shared by all functions of the server.

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_rules::{Engine, Rules, RulesNotStarted};
use alims_runtime::FreshIds;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rules, got ready once for every function.
#[derive(Clone)]
pub(crate) struct SharedRules {
    pub(crate) rules: Arc<Rules>,
    /// While there is such a file the rules give no verdict.
    pub(crate) down_while: Option<Arc<Path>>,
}

impl SharedRules {
    /// Gets the rules ready, and connects to an engine elsewhere as a function does when it starts.
    ///
    /// # Errors
    /// When a file or setting that the engine needs is missing or invalid.
    pub(crate) async fn ready(engine: Engine, down_while: Option<PathBuf>) -> Result<Self, RulesNotStarted> {
        let rules = Rules::of(engine, Arc::new(FreshIds))?;
        rules.warm().await;
        Ok(Self { rules: Arc::new(rules), down_while: down_while.map(Into::into) })
    }
}

impl TransitionRules for SharedRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        match &self.down_while {
            Some(file) if file.exists() => Err(RulesUnavailable("they are down for as long as a file is there".into())),
            Some(_) | None => self.rules.judge(question).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_testing::contract::rules::{EngineStage, in_cel};
    use tempfile::TempDir;

    /// The rules, and the folder with the file that makes them unavailable.
    struct Shared {
        rules: SharedRules,
        folder: TempDir,
    }

    fn shared() -> Shared {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rules.yaml"), in_cel()).unwrap();
        let engine = Engine::Embedded { rules: folder.path().to_owned() };
        let rules = Arc::new(Rules::of(engine, Arc::new(FreshIds)).unwrap());
        let down_while = Some(folder.path().join("down").into());
        Shared { rules: SharedRules { rules, down_while }, folder }
    }

    impl EngineStage for Shared {
        fn rules(&self) -> &impl TransitionRules {
            &self.rules
        }

        fn fails(&self, fails: bool) {
            let file = self.folder.path().join("down");
            if fails { std::fs::write(file, "").unwrap() } else { std::fs::remove_file(file).unwrap() }
        }
    }

    alims_testing::rules_contract!(shared().rules);
    alims_testing::engine_contract!(shared());
}
