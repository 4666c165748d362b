//! The rules as all functions of the server share them.

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_rules::Rules;
use std::path::Path;
use std::sync::Arc;

/// The rules, got ready once for every function.
#[derive(Clone)]
pub(crate) struct SharedRules {
    pub(crate) rules: Arc<Rules>,
    /// While there is such a file the rules give no verdict.
    pub(crate) down_while: Option<Arc<Path>>,
}

impl TransitionRules for SharedRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        match &self.down_while {
            Some(file) if file.exists() => Err(RulesUnavailable("they are down for as long as a file is there".into())),
            Some(_) | None => self.rules.judge(question).await,
        }
    }
}
