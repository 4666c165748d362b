//! A flood of refused attempts: bounded, visible, and no harm to others.

use alims_domain::call::Call;
use alims_domain::lifecycle::State;
use alims_domain::limits::{REFUSALS_OF_A_PRINCIPAL_MAX, REFUSALS_OF_A_WORKFLOW_MAX, REFUSALS_WINDOW_SECONDS};
use alims_domain::refusal::{Refusal, RefusalCode, Whose};
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::ports::{Ids, TransitionRules};
use alims_operations::recover_workflow::{self, RecoverWorkflowError, recover_workflow};
use alims_operations::release_workflow::{self, ReleaseRequest, ReleaseWorkflowError, release_workflow};
use alims_operations::replay_events::{self, ReplayEventsError, replay_events};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, request_state_transition, try_state_transition,
};
use alims_operations::{Accepted, DecisionPorts, StartPorts, TooManyRefusals};
use alims_testing::builders::{a_break, a_call, a_key, version};
use alims_testing::{MemoryIndex, MemoryLog, MemoryStarter, NobodyMay, RulesThatDeny};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Uuid};

use crate::{alice, allowing, deciding, new, publishing, to};

/// Ids of an instant that a test moves on.
#[derive(Debug)]
struct IdsOf {
    millis: AtomicU64,
    count: AtomicU64,
}

impl IdsOf {
    fn now() -> Arc<Self> {
        Arc::new(Self { millis: AtomicU64::new(1_795_421_700_000), count: AtomicU64::new(1) })
    }

    fn wait(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Ids for IdsOf {
    fn fresh(&self) -> Uuid {
        let mut tail = [0; 10];
        tail[2..].copy_from_slice(&self.count.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Builder::from_unix_timestamp_millis(self.millis.load(Ordering::SeqCst), &tail).into_uuid()
    }
}

type Moved = Result<Accepted, RequestStateTransitionError>;

/// Asks for a move that the lifecycle lacks.
async fn refused<R: TransitionRules>(ports: &DecisionPorts<MemoryLog, R>, call: &Call) -> Moved {
    request_state_transition(ports, call, &"w".parse().unwrap(), &to(State::Paused)).await
}

fn told(answer: Moved) -> TooManyRefusals {
    match answer {
        Err(RequestStateTransitionError::TooManyRefusals(told)) => told,
        other => panic!("{other:?}"),
    }
}

fn kept(log: &MemoryLog) -> Vec<Refusal> {
    log.entries(&a_key("w")).1
}

async fn created() -> MemoryLog {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    log
}

#[tokio::test]
async fn a_flood_of_refusals_is_recorded_up_to_a_bound_and_the_last_one_says_so() {
    let log = created().await;
    let ids = IdsOf::now();
    let ports = DecisionPorts { ids: ids.clone(), ..allowing(&log) };
    for _ in 0..REFUSALS_OF_A_PRINCIPAL_MAX {
        let answer = refused(&ports, &alice()).await;
        assert!(matches!(answer, Err(RequestStateTransitionError::InvalidTransition(_))), "{answer:?}");
        ids.wait(100);
    }
    for _ in 0..5 {
        let told = told(refused(&ports, &alice()).await);
        assert_eq!((told.whose, told.retry_after_seconds), (Whose::Principal, REFUSALS_WINDOW_SECONDS - 2));
    }
    let kept = kept(&log);
    assert_eq!(kept.len(), REFUSALS_OF_A_PRINCIPAL_MAX);
    let (last, before) = kept.split_last().unwrap();
    assert!(before.iter().all(|refusal| refusal.further_not_kept.is_none()));
    let marked = last.further_not_kept.as_ref().unwrap();
    // The first is of 1_795_421_700_000; its place is free a window later.
    assert_eq!((marked.whose, marked.until.unix_millis()), (Whose::Principal, 1_795_421_760_000));
}

#[tokio::test]
async fn refusals_are_recorded_again_when_the_window_has_passed() {
    let log = created().await;
    let ids = IdsOf::now();
    let ports = DecisionPorts { ids: ids.clone(), ..allowing(&log) };
    for _ in 0..REFUSALS_OF_A_PRINCIPAL_MAX {
        drop(refused(&ports, &alice()).await);
    }
    ids.wait(REFUSALS_WINDOW_SECONDS * 1000);
    assert_eq!(told(refused(&ports, &alice()).await).retry_after_seconds, 1);
    ids.wait(1);
    let answer = refused(&ports, &alice()).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::InvalidTransition(_))), "{answer:?}");
    assert_eq!(kept(&log).len(), REFUSALS_OF_A_PRINCIPAL_MAX + 1);
}

#[tokio::test]
async fn refusals_of_a_clock_that_was_far_ahead_do_not_count() {
    let log = created().await;
    let ahead = IdsOf::now();
    ahead.wait(3_600_000);
    let ports = DecisionPorts { ids: ahead, ..allowing(&log) };
    for _ in 0..REFUSALS_OF_A_PRINCIPAL_MAX {
        drop(refused(&ports, &alice()).await);
    }
    told(refused(&ports, &alice()).await);
    let ports = DecisionPorts { ids: IdsOf::now(), ..allowing(&log) };
    let answer = refused(&ports, &alice()).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::InvalidTransition(_))), "{answer:?}");
}

#[tokio::test]
async fn a_flood_by_one_principal_hides_no_reason_and_stops_no_move_of_another() {
    let log = created().await;
    let ports = allowing(&log);
    for _ in 0..100 {
        drop(refused(&ports, &a_call("mallory")).await);
    }
    assert_eq!(kept(&log).len(), REFUSALS_OF_A_PRINCIPAL_MAX);
    let answer = refused(&ports, &alice()).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::InvalidTransition(_))), "{answer:?}");
    assert_eq!(kept(&log).len(), REFUSALS_OF_A_PRINCIPAL_MAX + 1);
    let id = "w".parse().unwrap();
    request_state_transition(&ports, &alice(), &id, &to(State::Active)).await.unwrap();
    // Even by the one who floods, and a dry run tells the reason.
    request_state_transition(&ports, &a_call("mallory"), &id, &to(State::Paused)).await.unwrap();
    let dry = try_state_transition(&ports, &a_call("mallory"), &id, &to(State::Failed)).await;
    assert!(matches!(dry, Err(RequestStateTransitionError::InvalidTransition(_))), "{dry:?}");
    // And another workflow's refusals are another's.
    create_workflow(&ports, &alice(), &new("v")).await.unwrap();
    let other = request_state_transition(&ports, &a_call("mallory"), &"v".parse().unwrap(), &to(State::Paused)).await;
    assert!(matches!(other, Err(RequestStateTransitionError::InvalidTransition(_))), "{other:?}");
}

#[tokio::test]
async fn a_flood_by_many_is_bounded_too() {
    let log = created().await;
    let ports = allowing(&log);
    for number in 0..REFUSALS_OF_A_WORKFLOW_MAX {
        drop(refused(&ports, &a_call(&format!("bot-{number}"))).await);
    }
    assert_eq!(told(refused(&ports, &alice()).await).whose, Whose::Everybody);
    let kept = kept(&log);
    assert_eq!(kept.len(), REFUSALS_OF_A_WORKFLOW_MAX);
    let marked = kept.last().and_then(|refusal| refusal.further_not_kept.as_ref()).unwrap();
    assert_eq!(marked.whose, Whose::Everybody);
    request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(State::Active)).await.unwrap();
}

#[tokio::test]
async fn every_operation_that_keeps_refusals_keeps_a_bounded_number() {
    let log = created().await;
    let mut denying = deciding(log.clone(), RulesThatDeny);
    denying.policy = Arc::new(NobodyMay);
    let id = "w".parse().unwrap();
    for _ in 0..REFUSALS_OF_A_PRINCIPAL_MAX {
        drop(create_workflow(&denying, &alice(), &new("w")).await);
    }
    assert!(kept(&log).iter().all(|refusal| refusal.code == RefusalCode::Forbidden));
    let creation = create_workflow(&denying, &alice(), &new("w")).await;
    assert!(matches!(creation, Err(CreateWorkflowError::TooManyRefusals(_))), "{creation:?}");
    told(refused(&denying, &alice()).await);
    let DecisionPorts { policy, clock, ids, .. } = denying;
    let starting = StartPorts { log: log.clone(), starter: MemoryStarter::default(), clock: clock.clone() };
    let requesting = recover_workflow::Ports { starting, policy: policy.clone(), ids: ids.clone() };
    let recovery = recover_workflow(&requesting, &alice(), &id, None).await;
    assert!(matches!(recovery, Err(RecoverWorkflowError::TooManyRefusals(_))), "{recovery:?}");
    let replaying = replay_events::Ports {
        publishing: publishing(&log),
        policy: policy.clone(),
        clock: clock.clone(),
        ids: ids.clone(),
    };
    let releasing = release_workflow::Ports { log: log.clone(), index: MemoryIndex::default(), policy, clock, ids };
    let request = ReleaseRequest { breaks: [a_break(1).id()].into(), reason: "It is sound.".parse().unwrap() };
    let release = release_workflow(&releasing, &alice(), &id, &request).await;
    assert!(matches!(release, Err(ReleaseWorkflowError::TooManyRefusals(_))), "{release:?}");
    let replay = replay_events(&replaying, &alice(), &id, version(1)).await;
    assert!(matches!(replay, Err(ReplayEventsError::TooManyRefusals(_))), "{replay:?}");
    assert_eq!(kept(&log).len(), REFUSALS_OF_A_PRINCIPAL_MAX);
}
