//! A synthetic transition that tests an expression's result before any real work depends on it.

use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow};
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::invalid::InvalidValue;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;

use super::expression::{Engine, Evaluation};

/// A transition of a workflow without metadata, by a caller who did not create it.
pub(super) struct Trial {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    now: Timestamp,
}

impl Trial {
    /// A transition from one state to another, or a creation.
    pub(super) fn of(from: Option<State>, to: State) -> Result<Self, InvalidValue> {
        let tenant_id = "default".parse::<alims_domain::identifiers::TenantId>()?;
        let now: Timestamp = "2026-01-01T00:00:00.000Z".parse()?;
        let failure = Failure { code: "other".parse()?, message: "It broke.".parse()?, retryable: true };
        Ok(Self {
            workflow: Workflow {
                key: WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: "trial".parse()? },
                workflow_type: "trial".parse()?,
                current_state: from.unwrap_or(to),
                previous_state: None,
                version: Version::FIRST,
                created_at: now,
                updated_at: now,
                created_by: "creator".parse()?,
                updated_by: "creator".parse()?,
                data: WorkflowData::default(),
                replaces: None,
            },
            transition: Transition {
                from,
                to,
                reason: Some("A trial.".parse()?),
                data: WorkflowData::default(),
                failure: (to == State::Failed).then_some(failure),
            },
            actor: Principal { id: "actor".parse()?, tenant_id, roles: ["role".to_owned()].into() },
            now,
        })
    }

    /// Evaluates on it.
    pub(super) fn on<T>(&self, engine: &Engine, evaluate: impl FnOnce(&Evaluation<'_>) -> T) -> Result<T, String> {
        let question = RulesQuestion {
            request_id: "trial",
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: None,
            now: self.now,
        };
        engine.on(&question).map(|evaluation| evaluate(&evaluation)).map_err(|error| error.to_string())
    }
}
