//! What a recovery works on, in memory: a log, an index, a bus, and how a document is carried to its end.

use alims_domain::hash_chain::{Break, BreakKind, ChainWalk};
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{OutcomeStatus, StepKind};
use alims_domain::stored_version::StoredVersion;
use alims_operations::create_workflow::create_workflow;
use alims_operations::ports::{EventBus, QuarantineLog, RecoveryLog, TransitionRules, WorkflowIndex, WorkflowLog};
use alims_operations::recovery_step::{self, RecoveryStepError, recovery_step};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition,
};
use alims_operations::{Accepted, PublishPorts, Quarantined};
use alims_testing::builders::{a_claim, a_key, at, metadata, version};
use alims_testing::{MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, RulesThatAllow, SteppingClock};
use serde_json::json;
use std::sync::Arc;

use crate::support::stream::{publish_events, ring};
use crate::{alice, allowing, new, to};

/// What a recovery works on, in memory.
#[derive(Clone, Default)]
pub(crate) struct Site {
    pub(crate) log: MemoryLog,
    pub(crate) index: MemoryIndex,
    pub(crate) bus: MemoryBus,
}

impl Site {
    /// A site with the workflow `w`, moved along, of which nothing was published.
    pub(crate) async fn torn(path: &[State]) -> Self {
        let site = Self::default();
        create_workflow(&allowing(&site.log), &alice(), &new("w")).await.unwrap();
        for target in path {
            site.goes(*target).await;
        }
        site
    }

    /// The workflow failed and nothing was published.
    pub(crate) async fn failed() -> Self {
        Self::torn(&[State::Active, State::Failed]).await
    }

    pub(crate) async fn goes(&self, target: State) {
        let failure = (target == State::Failed).then(|| retryable(true));
        let request = TransitionRequest { failure, ..to(target) };
        request_state_transition(&allowing(&self.log), &alice(), &"w".parse().unwrap(), &request).await.unwrap();
    }

    pub(crate) fn with<R>(&self, rules: R) -> recovery_step::Ports<MemoryLog, MemoryIndex, MemoryBus, R> {
        let Self { log, index, bus } = self.clone();
        recovering(PublishPorts { log, index, bus }, rules)
    }

    pub(crate) fn head(&self) -> alims_domain::event::WorkflowEvent {
        self.log.entries(&a_key("w")).0.last().unwrap().event.clone()
    }

    /// All that must be so of a workflow that is in order: one chain, published in order, and the index says the same.
    pub(crate) fn assert_in_order(&self) {
        let (versions, _) = self.log.entries(&a_key("w"));
        let key = a_key("w");
        let mut walk = ChainWalk::new(&key);
        versions.iter().for_each(|version| walk.step(version.event.clone()).unwrap());
        let numbers: Vec<u64> = versions.iter().map(|version| version.event.version.get()).collect();
        assert_eq!(self.first_appearances(), numbers);
        assert_eq!(self.index.all(), [IndexEntry::from(&versions.last().unwrap().event)]);
    }

    /// The versions of `w` on the bus, in the order of their first appearance.
    pub(crate) fn first_appearances(&self) -> Vec<u64> {
        let mut seen = Vec::new();
        for number in self.bus.accepted().iter().filter_map(|event| event.version).map(Version::get) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        seen
    }
}

pub(crate) fn retryable(retryable: bool) -> alims_domain::event::Failure {
    alims_domain::event::Failure {
        code: "power-loss".parse().unwrap(),
        message: "The power went.".parse().unwrap(),
        retryable,
    }
}

pub(crate) fn recovering<L, I, B, R>(publishing: PublishPorts<L, I, B>, rules: R) -> recovery_step::Ports<L, I, B, R> {
    recovery_step::Ports { publishing, rules, clock: Arc::new(SteppingClock::new(at(60_000), 7)) }
}

/// The document of a person's recovery of `w`, claimed in the log.
pub(crate) async fn claimed(site: &Site, version: u64, attempt: u32) -> RecoveryDocument {
    let claim = a_claim(&a_key("w"), version, attempt);
    site.log.claim_recovery(&claim).await.unwrap();
    RecoveryDocument::of(&claim)
}

/// Hands a document on until it ends, as the machine does: a turn that failed is made again, at most so often.
pub(crate) async fn carried_out<L, I, B, R>(
    ports: &recovery_step::Ports<L, I, B, R>,
    mut document: RecoveryDocument,
    failures_max: usize,
) -> Result<RecoveryDocument, RecoveryStepError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let mut failures = 0;
    while document.next != Next::End {
        match recovery_step(ports, document.clone()).await {
            Ok(next) => document = next,
            Err(error) if failures == failures_max => return Err(error),
            Err(_) => failures += 1,
        }
    }
    Ok(document)
}

pub(crate) fn status(document: &RecoveryDocument) -> OutcomeStatus {
    document.outcome.as_ref().expect("a recovery that has ended has an outcome").status
}

pub(crate) fn steps(document: &RecoveryDocument) -> Vec<StepKind> {
    document.steps.iter().map(|step| step.step).collect()
}

pub(crate) fn w() -> WorkflowId {
    "w".parse().unwrap()
}

/// Somebody alters the metadata of a stored version and leaves its hash as it is.
pub(crate) fn alter(site: &Site, altered: u64, to: &str) {
    let (versions, _) = site.log.entries(&a_key("w"));
    let mut stored: StoredVersion = versions[usize::try_from(altered).unwrap() - 1].clone();
    stored.event.metadata = metadata(&json!({"sample": to}));
    site.log.overwrite(stored);
}

pub(crate) async fn recovered(site: &Site, at_version: u64, attempt: u32) -> OutcomeStatus {
    let document = claimed(site, at_version, attempt).await;
    status(&carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap())
}

pub(crate) async fn moved(site: &Site, target: State) -> Result<Accepted, RequestStateTransitionError> {
    request_state_transition(&allowing(&site.log), &alice(), &w(), &to(target)).await
}

#[track_caller]
pub(crate) fn assert_quarantined<T: std::fmt::Debug>(
    answer: Result<T, RequestStateTransitionError>,
    broken_at: u64,
    fault: BreakKind,
) {
    let expected = Quarantined(Break { at: version(broken_at), fault });
    assert!(matches!(&answer, Err(RequestStateTransitionError::Quarantined(it)) if *it == expected), "{answer:?}");
}

/// Rings for each of these versions by itself, and expects no dead letter.
pub(crate) async fn rung(site: &Site, versions: &[StoredVersion]) {
    let ports = site.with(RulesThatAllow).publishing;
    for (stored, at) in versions.iter().zip(0..) {
        let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(stored, at)]).await;
        assert_eq!((published.failed, published.dead), (vec![], vec![]));
    }
}

pub(crate) fn versions_of(site: &Site) -> Vec<StoredVersion> {
    site.log.entries(&a_key("w")).0
}
