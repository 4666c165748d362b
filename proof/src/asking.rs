//! Asking the real handlers as API Gateway and the stream do, and what of their answers a test compares.

use alims_domain::authentication::FreshAuthentication;
use alims_domain::lifecycle::State;
use alims_domain::quarantine::BreakId;
use alims_domain::signature::Meaning;
use alims_edge::testing::{GatewayEvent, Seen};
use alims_operations::ports::{DeadLetters, EventBus, QuarantineLog, TransitionRules, WorkflowIndex, WorkflowLog};
use alims_operations::{DecisionPorts, PublishPorts};
use alims_testing::builders::at;
use alims_testing::{FixedClock, SequentialIds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a caller wants of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// Its creation.
    Creation,
    /// A move to this state.
    Move(State),
    /// A version that changes nothing, with a remark.
    Remark,
    /// A change of its data, which leaves this name in them.
    Change(String),
    /// A move to this state that leaves this name in the data.
    ChangingMove(State, String),
    /// A signature of this version.
    Signature(Meaning, u64),
}

impl Wish {
    /// The state that is asked for; none of an amendment, which keeps the state.
    #[must_use]
    pub fn target(&self) -> Option<State> {
        match self {
            Self::Creation => Some(State::Created),
            Self::Move(target) | Self::ChangingMove(target, _) => Some(*target),
            Self::Remark | Self::Change(_) | Self::Signature(..) => None,
        }
    }
}

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The workflow.
    pub workflow: String,
    /// What it wants of it.
    pub wish: Wish,
    /// The version the caller decided on.
    pub expected: Option<u64>,
    /// The idempotency key.
    pub key: Option<String>,
}

impl Ask {
    /// The creation of a workflow.
    #[must_use]
    pub fn creation(workflow: &str) -> Self {
        Self { workflow: workflow.to_owned(), wish: Wish::Creation, expected: None, key: None }
    }

    /// A move of a workflow.
    #[must_use]
    pub fn to(workflow: &str, target: State) -> Self {
        Self { wish: Wish::Move(target), ..Self::creation(workflow) }
    }

    /// An amendment of a workflow that only remarks.
    #[must_use]
    pub fn remark(workflow: &str) -> Self {
        Self { wish: Wish::Remark, ..Self::creation(workflow) }
    }

    /// An amendment of a workflow that leaves this name in its data.
    #[must_use]
    pub fn change(workflow: &str, name: &str) -> Self {
        Self { wish: Wish::Change(name.to_owned()), ..Self::creation(workflow) }
    }

    /// A signature of a version of a workflow.
    #[must_use]
    pub fn signature(workflow: &str, meaning: Meaning, version: u64) -> Self {
        Self { wish: Wish::Signature(meaning, version), ..Self::creation(workflow) }
    }

    /// The same with an idempotency key.
    #[must_use]
    pub fn keyed(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// The same, if the workflow is at this version.
    #[must_use]
    pub fn at(self, version: u64) -> Self {
        Self { expected: Some(version), ..self }
    }

    fn event(&self) -> GatewayEvent {
        let of = |route, mut body: Value| {
            if let Some(expected) = self.expected {
                body["expected_version"] = expected.into();
            }
            GatewayEvent::of(route).workflow(&self.workflow).json(&body)
        };
        let event = match &self.wish {
            Wish::Creation => {
                let body = json!({"workflow_type": "free-form", "workflow_id": self.workflow});
                GatewayEvent::of(&create_workflow::ROUTE).json(&body)
            }
            Wish::Move(State::Failed) => {
                let failure = json!({"code": "power-loss", "message": "The power went.", "retryable": true});
                let body = json!({"target_state": "FAILED", "reason": "as it is", "failure": failure});
                of(&request_state_transition::ROUTE, body)
            }
            Wish::Move(target) => {
                of(&request_state_transition::ROUTE, json!({"target_state": target.as_str(), "reason": "as planned"}))
            }
            Wish::ChangingMove(target, name) => {
                let body = json!({"target_state": target.as_str(), "reason": "as measured", "metadata": {name: true}});
                of(&request_state_transition::ROUTE, body)
            }
            Wish::Signature(meaning, version) => {
                of(&sign_workflow::ROUTE, json!({"version": version, "meaning": meaning}))
                    .claim("auth_time", at(0).unix_millis() / 1000)
                    .claim("name", "Alice Moore")
            }
            Wish::Remark => of(&amend_workflow::ROUTE, json!({"reason": "as seen"})),
            Wish::Change(name) => {
                let body = json!({"reason": "as measured", "metadata": {name: true}, "labels": {"sample": name}});
                of(&amend_workflow::ROUTE, body)
            }
        };
        match &self.key {
            Some(key) => event.header("idempotency-key", key),
            None => event,
        }
    }
}

/// What a caller is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The move is made, by this request or by an earlier one with its key.
    Accepted {
        /// The version it made.
        version: u64,
        /// That version's event; the answer to a creation does not tell it.
        event_id: Option<String>,
    },
    /// The workflow stands there.
    Standing {
        /// Its version.
        version: u64,
        /// Its state.
        state: State,
    },
    /// The workflow is not at the version the caller decided on, or another caller was quicker.
    Conflict {
        /// Its version.
        version: u64,
        /// Its state.
        state: State,
    },
    /// The lifecycle has no such transition.
    Invalid {
        /// The version it was decided on.
        version: u64,
        /// The state it was decided on.
        state: State,
    },
    /// The workflow has ended, and its data stay as they are.
    Closed {
        /// The version it was decided on.
        version: u64,
        /// The state it was decided on.
        state: State,
    },
    /// The workflow has a signature of this person with this meaning that is current.
    AlreadySigned,
    /// The rules refuse it.
    Denied,
    /// The stored history is broken, and that is not released.
    Quarantined,
    /// There is a workflow of this id.
    Exists,
    /// There is none.
    NotFound,
    /// The rules give no answer. Nothing was written.
    RulesUnavailable,
    /// The store gives no answer. A write may or may not have happened.
    StorageUnavailable,
    /// Anything else: a test that meets it shows it.
    Other(String),
}

impl Outcome {
    fn by(seen: &Seen, creation: bool) -> Self {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let state = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).unwrap_or(State::Created);
        let body = &seen.body;
        let stands = (number(&body["version"]), state(&body["current_state"]));
        match (seen.status, seen.code()) {
            (200 | 201, _) if creation => Self::Accepted { version: stands.0, event_id: None },
            (200, _) if body["event"].is_object() => Self::Accepted {
                version: number(&body["event"]["version"]),
                event_id: body["event"]["event_id"].as_str().map(str::to_owned),
            },
            (200, _) => Self::Standing { version: stands.0, state: stands.1 },
            (_, "version-conflict") => Self::Conflict { version: stands.0, state: stands.1 },
            (_, "invalid-transition") => Self::Invalid { version: stands.0, state: stands.1 },
            (_, "workflow-closed") => Self::Closed { version: stands.0, state: stands.1 },
            (_, "already-signed") => Self::AlreadySigned,
            (_, "rule-violation") => Self::Denied,
            (_, "workflow-quarantined") => Self::Quarantined,
            (_, "workflow-already-exists") => Self::Exists,
            (_, "workflow-not-found") => Self::NotFound,
            (_, "rules-engine-unavailable") => Self::RulesUnavailable,
            (_, "storage-unavailable") => Self::StorageUnavailable,
            (status, _) => Self::Other(format!("{status} {body}")),
        }
    }

    /// Whether the caller knows as little as before, and asks again.
    #[must_use]
    pub fn is_no_answer(&self) -> bool {
        matches!(self, Self::RulesUnavailable | Self::StorageUnavailable)
    }
}

/// Asks for a creation, a move, an amendment or a signature.
pub async fn ask<L, R>(ports: &DecisionPorts<L, R>, ask: &Ask) -> Outcome
where
    L: WorkflowLog + QuarantineLog + Clone,
    R: TransitionRules + Clone,
{
    let request = ask.event().request();
    // In boxes: a debug build keeps several copies of a future on the stack, and a thread of a test has 2 MiB of it.
    let answer = match &ask.wish {
        Wish::Creation => Box::pin(create_workflow::create_workflow(ports, request)).await,
        Wish::Move(_) | Wish::ChangingMove(..) => {
            Box::pin(request_state_transition::request_state_transition(ports, request)).await
        }
        Wish::Remark | Wish::Change(_) => Box::pin(amend_workflow::amend_workflow(ports, request)).await,
        Wish::Signature(..) => {
            let (decision, needed) = (ports.clone(), FreshAuthentication::default());
            let ports = alims_operations::sign_workflow::Ports { decision, needed };
            Box::pin(sign_workflow::sign_workflow(&ports, request)).await
        }
    };
    Outcome::by(&answer.into(), ask.wish == Wish::Creation)
}

/// Asks where a workflow stands.
pub async fn state<L, R>(ports: &alims_operations::get_workflow_state::Ports<L, R>, workflow: &str) -> Outcome
where
    L: WorkflowLog + QuarantineLog,
    R: TransitionRules,
{
    let event = GatewayEvent::of(&get_workflow_state::ROUTE).workflow(workflow);
    Outcome::by(&get_workflow_state::get_workflow_state(ports, event.request()).await.into(), false)
}

/// Asks for the events from a version on to be put on the bus again.
///
/// # Errors
/// The answer, when it is anything but 202.
pub async fn replay<L, I, B>(
    ports: &alims_operations::replay_events::Ports<L, I, B>,
    workflow: &str,
    from: u64,
) -> Result<Value, Seen>
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
{
    let event = GatewayEvent::of(&replay_events::ROUTE).workflow(workflow).json(&json!({"from_version": from}));
    let seen = Seen::from(replay_events::replay_events(ports, event.request()).await);
    if seen.status == 202 { Ok(seen.body) } else { Err(seen) }
}

/// Asks for these breaks of a workflow to be released; whether they are.
pub async fn release<L, I>(
    ports: &alims_operations::release_workflow::Ports<L, I>,
    workflow: &str,
    breaks: &[BreakId],
) -> bool
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
{
    let body = json!({"breaks": breaks, "reason": "compared with the paper record"});
    let event = GatewayEvent::of(&release_workflow::ROUTE).workflow(workflow).json(&body);
    Seen::from(release_workflow::release_workflow(ports, event.request()).await).status == 200
}

/// Hands a batch of the stream to the publisher and gives back the records that are to come again.
///
/// # Panics
/// When the batch is none.
pub async fn publish<L, I, B, D>(publishing: &PublishPorts<L, I, B>, letters: &D, batch: &[Value]) -> Vec<Value>
where
    L: WorkflowLog + QuarantineLog + Clone,
    I: WorkflowIndex + Clone,
    B: EventBus + Clone,
    D: DeadLetters,
{
    let event = serde_json::from_value(json!({"Records": batch})).expect("an event of the stream");
    let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
    let ports = alims_operations::publish_events::Ports { publishing: publishing.clone(), clock, ids };
    let publish = |batch| publish_events::publish_events(&ports, letters, batch);
    let response = alims_dynamodb::publish_batch(event, publish).await;
    let failed: Vec<String> =
        response.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect();
    let number = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned();
    batch.iter().filter(|record| failed.contains(&number(record))).cloned().collect()
}
