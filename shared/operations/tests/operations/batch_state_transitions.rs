//! Moving many workflows: each decision stands alone, is made once however often the request is repeated, and ends in
//! time.

use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::limits::BATCH_AT_ONCE_MAX;
use alims_domain::refusal::{Refusal, RefusalCode};
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::Accepted;
use alims_operations::DecisionPorts;
use alims_operations::batch_state_transitions::{
    Attempted, BatchItem, BatchTime, batch_state_transitions, try_state_transitions,
};
use alims_operations::create_workflow::create_workflow;
use alims_operations::ports::{QuarantineLog, RulesUnavailable, TransitionRules, WorkflowLog};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition,
};
use alims_testing::builders::{a_call_with_key, a_key};
use alims_testing::{CallFault, Faulty, MemoryLog, NobodyMay, RulesThatAllow, RulesThatDeny, Script};
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;

use crate::support::faults::each_step_failed;
use crate::{alice, allowing, deciding, new, to};

/// All the time there is.
fn unhurried() -> BatchTime<impl Future<Output = ()>, impl Future<Output = ()>> {
    BatchTime { begins: pending(), ends: pending() }
}

/// Time that is over when all that does not hang has been done.
fn until_idle() -> BatchTime<impl Future<Output = ()>, impl Future<Output = ()>> {
    let ends = async {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    };
    BatchTime { begins: pending(), ends }
}

fn item(id: &str, target_state: State) -> BatchItem {
    BatchItem { workflow_id: id.parse().unwrap(), request: to(target_state) }
}

fn id_of(id: &str) -> WorkflowId {
    id.parse().unwrap()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("w-{number}")).collect()
}

/// A log with these workflows, just created.
async fn with(ids: &[String]) -> MemoryLog {
    let log = MemoryLog::default();
    for id in ids {
        create_workflow(&allowing(&log), &alice(), &new(id)).await.unwrap();
    }
    log
}

fn all_to(ids: &[String], target: State) -> Vec<BatchItem> {
    ids.iter().map(|id| item(id, target)).collect()
}

fn versions(log: &MemoryLog, id: &str) -> usize {
    log.entries(&a_key(id)).0.len()
}

fn refusals(log: &MemoryLog, id: &str) -> Vec<Refusal> {
    log.entries(&a_key(id)).1
}

async fn moved<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &DecisionPorts<L, R>,
    key: &str,
    items: &[BatchItem],
) -> Vec<Attempted<Accepted>> {
    batch_state_transitions(ports, &a_call_with_key("alice", key), items, unhurried()).await
}

fn is_key_reused<T>(attempted: &Attempted<T>) -> bool {
    matches!(attempted, Attempted::Answered(Err(RequestStateTransitionError::KeyReused)))
}

#[tokio::test]
async fn each_transition_of_a_batch_is_decided_on_its_own() {
    let log = with(&names(3)).await;
    let items = [item("w-0", State::Active), item("w-1", State::Paused), item("lost", State::Active)];
    let results = batch_state_transitions(&allowing(&log), &alice(), &items, unhurried()).await;
    let [Attempted::Answered(Ok(first)), Attempted::Answered(Err(second)), Attempted::Answered(Err(third))] =
        results.as_slice()
    else {
        panic!("{results:?}")
    };
    assert_eq!((first.event.to_state, first.repeated), (State::Active, false));
    assert!(matches!(second, RequestStateTransitionError::InvalidTransition(_)), "{second}");
    assert!(matches!(third, RequestStateTransitionError::NotFound), "{third}");
    assert_eq!((versions(&log, "w-0"), versions(&log, "w-1"), versions(&log, "w-2")), (2, 1, 1));
}

#[tokio::test]
async fn refusals_of_a_batch_are_kept_under_its_name() {
    let log = with(&names(2)).await;
    let mut ports = deciding(log.clone(), RulesThatDeny);
    batch_state_transitions(&ports, &alice(), &[item("w-0", State::Active)], unhurried()).await;
    ports.policy = Arc::new(NobodyMay);
    let items = [item("w-1", State::Active), item("lost", State::Active)];
    batch_state_transitions(&ports, &alice(), &items, unhurried()).await;
    for (id, code) in
        [("w-0", RefusalCode::RuleViolation), ("w-1", RefusalCode::Forbidden), ("lost", RefusalCode::Forbidden)]
    {
        let kept = refusals(&log, id);
        assert_eq!(kept.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [code], "{id}");
        assert_eq!(kept[0].operation, "batch-state-transitions");
    }
}

#[tokio::test]
async fn a_batch_with_a_key_failed_anywhere_and_repeated_moves_each_workflow_once() {
    let ids = names(3);
    let items = all_to(&ids, State::Active);
    let attempt = async |script: &Script| {
        let log = with(&ids).await;
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        moved(&ports, "k-1", &items).await;
        moved(&ports, "k-1", &items).await;
        for (id, answer) in ids.iter().zip(moved(&allowing(&log), "k-1", &items).await) {
            let Attempted::Answered(Ok(accepted)) = answer else { panic!("{id}: {answer:?}") };
            let (versions, refusals) = log.entries(&a_key(id));
            assert_eq!((versions.len(), refusals.len()), (2, 0), "{id}");
            assert_eq!((&accepted.event, accepted.repeated), (&versions[1].event, true));
        }
    };
    each_step_failed(attempt).await;
}

#[tokio::test]
async fn a_batch_that_hangs_anywhere_is_answered_and_has_one_effect_when_it_is_repeated() {
    let (ids, call) = (names(3), a_call_with_key("alice", "k-1"));
    let items = all_to(&ids, State::Active);
    let script = Script::default();
    let ports = |log: &MemoryLog, script: &Script| {
        deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script))
    };
    moved(&ports(&with(&ids).await, &script), "k-1", &items).await;
    for hanging in 0..script.calls().len() {
        for when in CallFault::ALL {
            let (log, script) = (with(&ids).await, Script::default());
            script.hang(hanging, when);
            let ports = ports(&log, &script);
            let first = batch_state_transitions(&ports, &call, &items, until_idle()).await;
            let cut_off = first.iter().filter(|result| matches!(result, Attempted::CutOff)).count();
            let made = first.iter().filter(|result| matches!(result, Attempted::Answered(Ok(_)))).count();
            assert_eq!((cut_off, made), (1, 2), "{hanging} {when:?}: {first:?}");
            let again = batch_state_transitions(&ports, &call, &items, unhurried()).await;
            assert!(again.iter().all(|result| matches!(result, Attempted::Answered(Ok(_)))), "{again:?}");
            assert!(
                ids.iter().all(|id| versions(&log, id) == 2 && refusals(&log, id).is_empty()),
                "{hanging} {when:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_in_a_batch_is_good_for_one_transition_of_each_workflow() {
    let ids = names(3);
    let log = with(&ids).await;
    let ports = allowing(&log);
    let by_key = a_call_with_key("alice", "k-1");
    request_state_transition(&ports, &by_key, &id_of("w-0"), &to(State::Active)).await.unwrap();
    let items = all_to(&ids, State::Active);
    let results = moved(&ports, "k-1", &items).await;
    assert!(is_key_reused(&results[0]), "the key belongs to a request for a single transition: {results:?}");
    assert!(results[1..].iter().all(|result| matches!(result, Attempted::Answered(Ok(_)))), "{results:?}");
    // One item has another content, and one is left out.
    let other = TransitionRequest { reason: "for another reason".parse().unwrap(), ..to(State::Active) };
    let changed = [BatchItem { request: other, ..items[1].clone() }, items[2].clone()];
    let results = moved(&ports, "k-1", &changed).await;
    assert!(is_key_reused(&results[0]), "{results:?}");
    assert!(matches!(&results[1], Attempted::Answered(Ok(accepted)) if accepted.repeated), "{results:?}");
    let single = request_state_transition(&ports, &by_key, &id_of("w-1"), &to(State::Active)).await;
    assert!(matches!(single, Err(RequestStateTransitionError::KeyReused)), "{single:?}");
    assert!(ids.iter().all(|id| versions(&log, id) == 2));
}

#[tokio::test]
async fn a_single_move_that_is_faster_costs_a_batch_one_transition() {
    let ids = names(3);
    // The calls of the three run side by side; the last three are the appends.
    let counting = Script::default();
    let ports = deciding(Faulty::new(with(&ids).await, &counting), RulesThatAllow);
    batch_state_transitions(&ports, &alice(), &all_to(&ids, State::Active), unhurried()).await;
    let appends = counting.calls().iter().filter(|call| **call == "log.append").count();
    assert_eq!(appends, 3);
    let append = counting.calls().iter().position(|call| *call == "log.append").unwrap();

    let (log, script) = (with(&ids).await, Script::default());
    let winner = with(&ids).await;
    for id in &ids {
        request_state_transition(&allowing(&winner), &alice(), &id_of(id), &to(State::Active)).await.unwrap();
    }
    let (into, moved) = (log.clone(), winner.entries(&a_key("w-0")).0.remove(1));
    script.meanwhile(append, move || into.overwrite(moved));
    let ports = deciding(Faulty::new(log.clone(), &script), RulesThatAllow);
    let results = batch_state_transitions(&ports, &alice(), &all_to(&ids, State::Active), unhurried()).await;
    let conflict = |result: &Attempted<Accepted>| {
        matches!(result, Attempted::Answered(Err(RequestStateTransitionError::VersionConflict(_))))
    };
    assert_eq!(results.iter().filter(|result| conflict(result)).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|result| matches!(result, Attempted::Answered(Ok(_)))).count(), 2);
    assert!(ids.iter().all(|id| versions(&log, id) == 2));
}

/// Rules that never answer.
struct RulesThatHang;

impl TransitionRules for RulesThatHang {
    async fn judge(&self, _: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        pending().await
    }
}

#[tokio::test]
async fn what_is_under_way_at_the_end_is_cut_off_and_the_rest_is_not_reached() {
    let ids = names(20);
    let log = with(&ids).await;
    let ports = deciding(log.clone(), RulesThatHang);
    let results = batch_state_transitions(&ports, &alice(), &all_to(&ids, State::Active), until_idle()).await;
    let (begun, rest) = results.split_at(BATCH_AT_ONCE_MAX);
    assert!(begun.iter().all(|result| matches!(result, Attempted::CutOff)), "{results:?}");
    assert!(rest.iter().all(|result| matches!(result, Attempted::NotReached)), "{results:?}");
    assert!(ids.iter().all(|id| versions(&log, id) == 1));
}

#[tokio::test]
async fn a_batch_whose_time_to_begin_is_over_begins_nothing_more() {
    let ids = names(3);
    let script = Script::default();
    let ports = deciding(Faulty::new(with(&ids).await, &script), RulesThatAllow);
    let time = BatchTime { begins: ready(()), ends: pending() };
    let results = batch_state_transitions(&ports, &alice(), &all_to(&ids, State::Active), time).await;
    assert!(results.iter().all(|result| matches!(result, Attempted::NotReached)), "{results:?}");
    assert_eq!(script.calls(), Vec::<&str>::new());
}

/// Rules that answer when as many ask as a batch may have under way, and that count how many ask at most.
#[derive(Clone)]
struct AskedTogether(Arc<Barrier>, Arc<(AtomicUsize, AtomicUsize)>);

impl TransitionRules for AskedTogether {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (now, most) = &*self.1;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.0.wait().await;
        now.fetch_sub(1, Ordering::SeqCst);
        RulesThatAllow.judge(question).await
    }
}

#[tokio::test]
async fn a_batch_asks_for_a_few_transitions_at_a_time() {
    let ids = names(4 * BATCH_AT_ONCE_MAX);
    let rules = AskedTogether(Arc::new(Barrier::new(BATCH_AT_ONCE_MAX)), Arc::default());
    let ports = deciding(with(&ids).await, rules.clone());
    let results = batch_state_transitions(&ports, &alice(), &all_to(&ids, State::Active), unhurried()).await;
    assert!(results.iter().all(|result| matches!(result, Attempted::Answered(Ok(_)))), "{results:?}");
    assert_eq!(rules.1.1.load(Ordering::SeqCst), BATCH_AT_ONCE_MAX);
}

#[tokio::test]
async fn a_dry_run_of_a_batch_writes_nothing_whatever_it_finds() {
    let log = with(&names(2)).await;
    let items = [item("w-0", State::Active), item("w-1", State::Paused), item("lost", State::Active)];
    let call = a_call_with_key("alice", "k-1");
    let results = try_state_transitions(&allowing(&log), &call, &items, unhurried()).await;
    let Attempted::Answered(Ok(first)) = &results[0] else { panic!("{results:?}") };
    assert_eq!((first.workflow.version, first.workflow.current_state), (Version::FIRST, State::Created));
    assert!(results[1..].iter().all(|result| matches!(result, Attempted::Answered(Err(_)))), "{results:?}");
    let written = |id: &str| (versions(&log, id), refusals(&log, id).len());
    assert_eq!((written("w-0"), written("w-1"), written("lost")), ((1, 0), (1, 0), (0, 0)));
}
