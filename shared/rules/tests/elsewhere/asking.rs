//! A question to ask, and what comes of it.

use alims_domain::call::Principal;
use alims_domain::event::Workflow;
use alims_domain::json::ValidationContext;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::signature::Signatures;
use alims_domain::workflow_data::WorkflowData;
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_rules::{Authorization, Reach};
use alims_testing::builders::{a_created, a_move, a_principal, at, metadata};
use serde_json::{Value, json};
use std::error::Error;
use std::time::Duration;

/// How long what must come may take before a test calls it missing. It is never waited out when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A move to be judged.
pub(crate) struct Asking {
    pub(crate) workflow: Workflow,
    pub(crate) transition: Transition,
    pub(crate) actor: Principal,
    pub(crate) context: Option<ValidationContext>,
}

impl Asking {
    /// A sample analysis that alice created and bob wants to complete.
    pub(crate) fn to_complete() -> Self {
        let active = a_move(&a_created("wf-1"), State::Active);
        Self {
            workflow: Workflow::from(&active.event),
            transition: Transition {
                from: Some(State::Active),
                to: State::Completed,
                reason: Some("It is done.".parse().unwrap()),
                data: metadata(&json!({"sample": "S-1", "results": [1.5], "review": {"conclusion": "approved"}}))
                    .into(),
                failure: None,
                signature: None,
                signatures: Signatures::default(),
            },
            actor: a_principal("bob", &["supervisor"]),
            context: None,
        }
    }

    /// The same analysis, to which bob adds a label, a due date and an assignee.
    pub(crate) fn to_amend() -> Self {
        let mut asking = Self::to_complete();
        asking.workflow.data.labels = labels(&json!({"lot.1": "L"}));
        asking.workflow.replaces = Some("wf-0".parse().unwrap());
        asking.transition.to = State::Active;
        asking.transition.data = WorkflowData {
            labels: labels(&json!({"lot.1": "L", "sample": "S-1"})),
            due_at: Some(at(10_000)),
            assignee: Some("carol".parse().unwrap()),
            ..asking.workflow.data.clone()
        };
        asking
    }

    pub(crate) fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: "request-1",
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: self.context.as_ref(),
            now: at(9000),
        }
    }

    pub(crate) async fn judged_by(&self, rules: &impl TransitionRules) -> Result<Verdict, RulesUnavailable> {
        rules.judge(&self.question()).await
    }

    /// Why there is no verdict.
    #[track_caller]
    pub(crate) fn expect_none(outcome: Result<Verdict, RulesUnavailable>) -> String {
        let unavailable = outcome.expect_err("there must be no verdict");
        unavailable.source().expect("a cause").to_string()
    }
}

fn labels(labels: &Value) -> Labels {
    serde_json::from_value(labels.clone()).unwrap()
}

/// An engine at this address, with time enough for a machine that is busy.
pub(crate) fn reach(url: &str) -> Reach {
    within(url, Duration::from_secs(5))
}

/// An engine at this address, with a deadline.
pub(crate) fn within(url: &str, deadline: Duration) -> Reach {
    Reach { endpoint: url.parse().unwrap(), deadline, authorization: Authorization::None }
}
