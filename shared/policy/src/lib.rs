//! Access control: Cedar policies, read from a folder and checked against their schema.
//!
//! Loading finds every error in a policy, so a later question has one of two answers. A question that still cannot be
//! decided is forbidden.

mod entities;
mod loading;
mod overview;

use alims_domain::access::{AccessDecision, AccessQuestion};
use alims_domain::identifiers::WorkflowId;
use alims_operations::ports::AccessPolicy;
use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, PolicyId, PolicySet};
use std::collections::BTreeSet;
use std::path::PathBuf;

use entities::Vocabulary;

pub use overview::{SHIPPED_ROLES, overview};

/// Why policies were not loaded. The service does not start without them.
#[derive(Debug, thiserror::Error)]
pub enum PolicyInvalid {
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// There are no policies, so every action would be forbidden: more likely the wrong folder than an intention.
    #[error("no policies: there is no file *.cedar")]
    NoPolicies,
    /// A file says something that cannot be meant.
    #[error("{file}: {}{cause}", .policy.as_ref().map(|id| format!("policy {id}: ")).unwrap_or_default())]
    Invalid {
        /// The file's name.
        file: String,
        /// The policy's id, where it is one policy's fault and it has one.
        policy: Option<String>,
        /// The error.
        cause: String,
    },
}

impl PolicyInvalid {
    fn in_file(file: &str, cause: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), policy: None, cause: cause.into() }
    }

    fn in_policy(file: &str, policy: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), policy: Some(policy.into()), cause: cause.into() }
    }
}

/// Decides by Cedar policies, loaded once. The ids in a decision are those of the `@id` annotations.
#[derive(Debug)]
pub struct CedarPolicy {
    authorizer: Authorizer,
    policies: PolicySet,
    /// The policies as they are written, to see which roles they name.
    source: String,
    vocabulary: Vocabulary,
    /// The actions of the schema with their groups.
    actions: Entities,
}

impl AccessPolicy for CedarPolicy {
    /// Decides, and logs the decision with its policies: a permission has no other record.
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        let decision = self.decided(question);
        let (permitted, policies) = match &decision {
            AccessDecision::Permitted { policies } => (true, policies),
            AccessDecision::Forbidden { policies } => (false, policies),
        };
        tracing::info!(
            request_id = question.request_id,
            principal = question.principal.id.as_str(),
            tenant = question.principal.tenant_id.as_str(),
            action = question.action.as_str(),
            workflow_id = question.resource.workflow_id.map(WorkflowId::as_str),
            decision = if permitted { "permitted" } else { "forbidden" },
            policies = policies.join(" "),
            unknown_roles = (!permitted).then(|| self.unknown_roles(&question.principal.roles)).flatten(),
            "access decided"
        );
        decision
    }

    fn decide_one_of_many(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        self.decided(question)
    }
}

impl CedarPolicy {
    /// The roles that stand in no policy, the first few of them: a misspelt role permits nothing and says nothing.
    fn unknown_roles(&self, roles: &BTreeSet<String>) -> Option<String> {
        const SHOWN_MAX: usize = 8;
        let unknown = roles.iter().filter(|role| !self.source.contains(&format!("\"{role}\"")));
        let unknown: Vec<&str> = unknown.take(SHOWN_MAX).map(String::as_str).collect();
        (!unknown.is_empty()).then(|| unknown.join(" "))
    }

    fn decided(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        let response = match self.vocabulary.render(question, &self.actions, None) {
            Ok((request, entities)) => self.authorizer.is_authorized(&request, &self.policies, &entities),
            Err(cause) => {
                tracing::error!(%cause, action = question.action.as_str(), "access question could not be put");
                return AccessDecision::Forbidden { policies: Vec::new() };
            }
        };
        let diagnostics = response.diagnostics();
        // Cedar passes over a policy that fails. A `forbid` passed over would be a permission.
        let failed: Vec<&PolicyId> =
            diagnostics.errors().map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id()).collect();
        if !failed.is_empty() {
            for error in diagnostics.errors() {
                tracing::error!(%error, action = question.action.as_str(), "policy failed to evaluate");
            }
            return AccessDecision::Forbidden { policies: sorted(failed) };
        }
        let policies = sorted(diagnostics.reason());
        match response.decision() {
            Decision::Allow => AccessDecision::Permitted { policies },
            Decision::Deny => AccessDecision::Forbidden { policies },
        }
    }
}

/// The ids as text, in an order that does not change from call to call.
fn sorted<'a>(ids: impl IntoIterator<Item = &'a PolicyId>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().map(PolicyId::to_string).collect();
    ids.sort_unstable();
    ids
}
