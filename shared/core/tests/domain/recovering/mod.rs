//! Recoveries: planned, turned, started, swept, quarantined and released.

mod altered_meanwhile;
mod colliding;
mod failing;
mod following;
mod planning;
mod quarantining;
mod starting;
mod sweeping;
mod turning;
mod unpublishable;
mod unreadable;
mod unreadable_meanwhile;
mod walking;

use alims_core::chain::ChainWalk;
use alims_core::identifiers::Version;
use alims_core::lifecycle::State;
use alims_core::operations::Publishing;
use alims_core::operations::create_workflow::create_workflow;
use alims_core::operations::recovery_step::{Recovering, RecoveryStepError, recovery_step};
use alims_core::operations::request_state_transition::{TransitionRequest, request_state_transition};
use alims_core::ports::{
    EventBus, IndexEntry, QuarantineLog, RecoveryLog, TransitionRules, WorkflowIndex, WorkflowLog,
};
use alims_core::recovery::document::{Next, OutcomeStatus, RecoveryDocument, StepKind};
use alims_testing::builders::{a_claim, a_key, at};
use alims_testing::{MemoryBus, MemoryIndex, MemoryLog, SteppingClock};
use std::sync::Arc;

use crate::{alice, allowing, new, to};

/// What a recovery works on, in memory.
#[derive(Clone, Default)]
struct Site {
    log: MemoryLog,
    index: MemoryIndex,
    bus: MemoryBus,
}

impl Site {
    /// A site with the workflow `w`, moved along, of which nothing was published.
    async fn torn(path: &[State]) -> Self {
        let site = Self::default();
        create_workflow(&allowing(&site.log), &alice(), &new("w")).await.unwrap();
        for target in path {
            site.goes(*target).await;
        }
        site
    }

    /// The workflow failed and nothing was published.
    async fn failed() -> Self {
        Self::torn(&[State::Active, State::Failed]).await
    }

    async fn goes(&self, target: State) {
        let failure = (target == State::Failed).then(|| retryable(true));
        let request = TransitionRequest { failure, ..to(target) };
        request_state_transition(&allowing(&self.log), &alice(), &"w".parse().unwrap(), &request).await.unwrap();
    }

    fn with<R>(&self, rules: R) -> Recovering<MemoryLog, MemoryIndex, MemoryBus, R> {
        let Self { log, index, bus } = self.clone();
        recovering(Publishing { log, index, bus }, rules)
    }

    fn head(&self) -> alims_core::event::WorkflowEvent {
        self.log.entries(&a_key("w")).0.last().unwrap().event.clone()
    }

    /// All that must be so of a workflow that is in order: one chain, published in order, and the index says the same.
    fn assert_in_order(&self) {
        let (versions, _) = self.log.entries(&a_key("w"));
        let key = a_key("w");
        let mut walk = ChainWalk::new(&key);
        versions.iter().for_each(|version| walk.step(version.event.clone()).unwrap());
        let numbers: Vec<u64> = versions.iter().map(|version| version.event.version.get()).collect();
        assert_eq!(self.first_appearances(), numbers);
        assert_eq!(self.index.all(), [IndexEntry::from(&versions.last().unwrap().event)]);
    }

    /// The versions of `w` on the bus, in the order of their first appearance.
    fn first_appearances(&self) -> Vec<u64> {
        let mut seen = Vec::new();
        for number in self.bus.accepted().iter().filter_map(|event| event.version).map(Version::get) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        seen
    }
}

fn retryable(retryable: bool) -> alims_core::event::Failure {
    alims_core::event::Failure {
        code: "power-loss".parse().unwrap(),
        message: "The power went.".parse().unwrap(),
        retryable,
    }
}

fn recovering<L, I, B, R>(publishing: Publishing<L, I, B>, rules: R) -> Recovering<L, I, B, R> {
    Recovering { publishing, rules, clock: Arc::new(SteppingClock::new(at(60_000), 7)) }
}

/// The document of a person's recovery of `w`, claimed in the log.
async fn claimed(site: &Site, version: u64, attempt: u32) -> RecoveryDocument {
    let claim = a_claim(&a_key("w"), version, attempt);
    site.log.claim_recovery(&claim).await.unwrap();
    RecoveryDocument::of(&claim)
}

/// Hands a document on until it ends, as the machine does: a turn that failed is made again, at most so often.
async fn carried_out<L, I, B, R>(
    ports: &Recovering<L, I, B, R>,
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

fn status(document: &RecoveryDocument) -> OutcomeStatus {
    document.outcome.as_ref().expect("a recovery that has ended has an outcome").status
}

fn steps(document: &RecoveryDocument) -> Vec<StepKind> {
    document.steps.iter().map(|step| step.step).collect()
}
