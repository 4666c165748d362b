//! A synthetic transition that tests an expression's result before any real work depends on it.

use alims_domain::authentication::AuthenticatedBy;
use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId, WorkflowKey};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::Metadata;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition};
use alims_domain::signature::{KeptSignature, Meaning, Signature, Signatures};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;

use super::expression::{Engine, Evaluation};
use crate::occasion::Occasion;

/// A transition of a workflow without metadata, by a caller who did not create it.
pub(super) struct Trial {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    now: Timestamp,
}

impl Trial {
    /// Trials of what a rule is for: a move or a creation, or an amendment or a signature in each state. Each is tried on a workflow
    /// without data and on one with all that the service itself knows.
    pub(super) fn of(occasion: Occasion) -> Result<Vec<Self>, InvalidValue> {
        let moves = match occasion {
            Occasion::Move(from, to) => vec![(from, to)],
            Occasion::Amendment | Occasion::Signature => State::ALL.map(|state| (Some(state), state)).to_vec(),
        };
        let mut trials = Vec::with_capacity(moves.len() * 2);
        for (from, to) in moves {
            trials.push(Self::with(from, to, WorkflowData::default(), None)?.signing(occasion)?);
            trials.push(Self::with(from, to, data()?, Some("another".parse()?))?.signed()?.signing(occasion)?);
        }
        Ok(trials)
    }

    fn with(
        from: Option<State>,
        to: State,
        data: WorkflowData,
        replaces: Option<WorkflowId>,
    ) -> Result<Self, InvalidValue> {
        let tenant_id = "default".parse::<alims_domain::identifiers::TenantId>()?;
        let now: Timestamp = NOW.parse()?;
        let transition = Transition {
            from,
            to,
            reason: Some("A trial.".parse()?),
            data: data.clone(),
            failure: None,
            signature: None,
            signatures: Signatures::default(),
        };
        let failure = Failure { code: "other".parse()?, message: "It broke.".parse()?, retryable: true };
        let fails = to == State::Failed && !transition.keeps_the_state();
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
                data,
                replaces,
                signatures: Signatures::default(),
            },
            transition: Transition { failure: fails.then_some(failure), ..transition },
            actor: Principal { id: "actor".parse()?, tenant_id, roles: ["role".to_owned()].into() },
            now,
        })
    }

    /// The same of a workflow with a signature.
    fn signed(mut self) -> Result<Self, InvalidValue> {
        let kept = KeptSignature::new(&signature(Meaning::Authorship)?, &"signer".parse()?, self.now);
        self.workflow.signatures = Signatures::try_from(vec![kept])?;
        self.transition.signatures = self.workflow.signatures.clone();
        Ok(self)
    }

    /// The same with a signature of its own, when a rule is for those.
    fn signing(mut self, occasion: Occasion) -> Result<Self, InvalidValue> {
        if occasion == Occasion::Signature {
            let signature = signature(Meaning::Review)?;
            let added = KeptSignature::new(&signature, &self.actor.id, self.now);
            let others = self.transition.signatures.iter().cloned();
            self.transition.signatures = Signatures::try_from(others.chain([added]).collect::<Vec<_>>())?;
            self.transition.signature = Some(signature);
            self.transition.reason = None;
        }
        Ok(self)
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

/// The instant of each trial.
const NOW: &str = "2026-01-01T00:00:00.000Z";

fn signature(meaning: Meaning) -> Result<Signature, InvalidValue> {
    Ok(Signature {
        meaning,
        signer_name: "A. Signer".parse()?,
        roles: ["role".parse()?].into(),
        comment: Some("A trial.".parse()?),
        signed_version: Version::FIRST,
        signed_hash: ChainHash::genesis(),
        authenticated: AuthenticatedBy { auth_time: NOW.parse()?, acr: None, amr: Vec::new() },
    })
}

/// Data of a workflow, without metadata: what they hold is the laboratory's.
fn data() -> Result<WorkflowData, InvalidValue> {
    Ok(WorkflowData {
        metadata: Metadata::default(),
        labels: Labels::new([("label".parse()?, "value".parse()?)].into())?,
        due_at: Some(NOW.parse()?),
        assignee: Some("assignee".parse()?),
    })
}
