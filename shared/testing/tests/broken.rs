//! The contract's tests notice adapters that break it: every case of the bus, the dead letters, the starter and the exports
//! fails with at least one.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a broken expectation must fail the test")]

mod stages;

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_operations::ports::{
    BusError, DeadLetter, DeadLetters, EntryRefused, EventBus, ExecutionStatus, RecoveryStarter, RefusedForGood, Start,
    StarterError,
};
use alims_testing::contract::bus::{self, BusStage, OnTheBus};
use alims_testing::contract::dead_letters::{self, DeadLettersStage};
use alims_testing::contract::starter::{self, FailingStarterStage, StarterStage};
use alims_testing::{CallFault, MemoryBus, NextPut};
use futures_util::FutureExt;
use stages::{BusInMemory, DeadLettersInMemory, StarterInMemory};
use std::panic::AssertUnwindSafe;

/// The case fails with this flaw, and without any it does not.
macro_rules! assert_noticed {
    ($broken:ident: $($flaw:ident by $case:path),+ $(,)?) => {
        $(
            $case($broken::default()).await;
            let outcome = AssertUnwindSafe($case($broken { flaw: Some(Flaw::$flaw), ..$broken::default() }));
            assert!(outcome.catch_unwind().await.is_err(), "{} passes with {:?}", stringify!($case), Flaw::$flaw);
        )+
    };
}

#[path = "flaws/exports.rs"]
mod exports;

/// How an adapter breaks its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    CallsWithoutEntries,
    ForgetsTheLastEntry,
    RefusesLargeEntries,
    TakesAnEventOnce,
    ConfirmsFailedCalls,
    RefusesEachOfAFailedCall,
    ConfirmsRefusedEntries,
    ReversesResults,
    RefusesAllWithOne,
    CallsNoRefusalFinal,
    CallsEveryRefusalFinal,
    ShortensText,
    KeepsTheFirstLetter,
    RunsANameAgain,
    StartsAllAnew,
    RunsWhatItDoesNotKnow,
    KnowsNothingWhenDown,
    CallsFailuresFinal,
    RunsOneAtATime,
}

struct BrokenBus {
    inner: BusInMemory,
    flaw: Option<Flaw>,
}

impl Default for BrokenBus {
    fn default() -> Self {
        Self { inner: BusInMemory(MemoryBus::default()), flaw: None }
    }
}

impl EventBus for BrokenBus {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        let bus = &self.inner.0;
        let refused = || EntryRefused::ForNow("a flaw".to_owned());
        let there = |event: &BusEvent| self.inner.0.accepted().contains(event);
        match self.flaw {
            Some(Flaw::CallsWithoutEntries) if entries.is_empty() => {
                return Err(BusError("ValidationException".into()));
            }
            Some(Flaw::ForgetsTheLastEntry) => {
                drop(bus.put(entries.split_last().map_or(entries, |(_, others)| others)).await?);
                return Ok(vec![Ok(()); entries.len()]);
            }
            Some(Flaw::RefusesLargeEntries) if entries.iter().any(|entry| entry.detail.len() > 200_000) => {
                return Ok(vec![Err(refused()); entries.len()]);
            }
            Some(Flaw::TakesAnEventOnce) if entries.iter().all(there) => return Ok(vec![Ok(()); entries.len()]),
            Some(_) | None => {}
        }
        let mut outcome = bus.put(entries).await;
        match (self.flaw, &mut outcome) {
            (Some(Flaw::ConfirmsFailedCalls), Err(_)) => outcome = Ok(vec![Ok(()); entries.len()]),
            (Some(Flaw::RefusesEachOfAFailedCall), Err(_)) => outcome = Ok(vec![Err(refused()); entries.len()]),
            (Some(Flaw::ConfirmsRefusedEntries), Ok(results)) => results.fill(Ok(())),
            (Some(Flaw::ReversesResults), Ok(results)) => results.reverse(),
            (Some(Flaw::RefusesAllWithOne), Ok(results)) if results.iter().any(Result::is_err) => {
                results.fill(Err(refused()));
            }
            (Some(Flaw::CallsNoRefusalFinal), Ok(results)) => {
                results.iter_mut().filter(|result| result.is_err()).for_each(|result| *result = Err(refused()));
            }
            (Some(Flaw::CallsEveryRefusalFinal), Ok(results)) => {
                let (code, message) = ("a flaw".to_owned(), String::new());
                let for_good = EntryRefused::ForGood(RefusedForGood { code, message });
                results.iter_mut().filter(|result| result.is_err()).for_each(|it| *it = Err(for_good.clone()));
            }
            _ => {}
        }
        outcome
    }
}

impl BusStage for BrokenBus {
    fn bus(&self) -> &impl EventBus {
        self
    }

    fn accepted(&self) -> Vec<OnTheBus> {
        self.inner.accepted()
    }

    fn meet_next_put_with(&self, next: NextPut) {
        self.inner.meet_next_put_with(next);
    }
}

#[tokio::test]
async fn every_case_of_the_bus_notices_a_flaw() {
    assert_noticed! { BrokenBus:
        CallsWithoutEntries by bus::a_call_without_entries_has_no_results,
        ForgetsTheLastEntry by bus::every_entry_is_confirmed_and_on_the_bus_as_it_was_put,
        RefusesLargeEntries by bus::the_largest_call_is_confirmed,
        TakesAnEventOnce by bus::an_entry_that_is_there_is_taken_again,
        ConfirmsFailedCalls by bus::a_call_that_fails_is_an_error_and_the_next_one_is_taken,
        RefusesEachOfAFailedCall by bus::a_call_that_fails_is_an_error_and_the_next_one_is_taken,
        ConfirmsRefusedEntries by bus::a_refused_entry_is_refused_in_its_place_and_the_others_are_taken,
        ReversesResults by bus::a_refused_entry_is_refused_in_its_place_and_the_others_are_taken,
        RefusesAllWithOne by bus::a_refused_entry_is_refused_in_its_place_and_the_others_are_taken,
        CallsEveryRefusalFinal by bus::a_refused_entry_is_refused_in_its_place_and_the_others_are_taken,
        CallsNoRefusalFinal by bus::an_entry_that_is_never_taken_is_refused_for_good_and_the_others_are_taken,
        ConfirmsRefusedEntries by bus::an_entry_that_is_never_taken_is_refused_for_good_and_the_others_are_taken,
        ConfirmsFailedCalls by bus::a_lost_answer_is_an_error_although_the_entries_were_taken,
        RefusesEachOfAFailedCall by bus::a_lost_answer_is_an_error_although_the_entries_were_taken,
    }
}

#[derive(Default)]
struct BrokenDeadLetters {
    inner: DeadLettersInMemory,
    flaw: Option<Flaw>,
}

impl DeadLetters for BrokenDeadLetters {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        let letters = self.inner.dead_letters();
        match self.flaw {
            Some(Flaw::ShortensText) => {
                letters.put(&DeadLetter { why: letter.why.chars().take(100).collect(), ..letter.clone() }).await
            }
            Some(Flaw::KeepsTheFirstLetter) if !self.kept().is_empty() => Ok(()),
            Some(Flaw::ConfirmsFailedCalls) => letters.put(letter).await.or(Ok(())),
            Some(_) | None => letters.put(letter).await,
        }
    }
}

impl DeadLettersStage for BrokenDeadLetters {
    fn dead_letters(&self) -> &impl DeadLetters {
        self
    }

    fn kept(&self) -> Vec<DeadLetter> {
        self.inner.kept()
    }

    fn fails(&self, fails: bool) {
        self.inner.fails(fails);
    }
}

#[tokio::test]
async fn every_case_of_the_dead_letters_notices_a_flaw() {
    assert_noticed! { BrokenDeadLetters:
        ShortensText by dead_letters::a_confirmed_letter_is_kept_whole,
        KeepsTheFirstLetter by dead_letters::a_letter_removes_no_other,
        ConfirmsFailedCalls by dead_letters::a_letter_that_is_not_kept_is_an_error,
    }
}

#[derive(Default)]
struct BrokenStarter {
    inner: StarterInMemory,
    flaw: Option<Flaw>,
}

impl RecoveryStarter for BrokenStarter {
    async fn start(&self, document: &RecoveryDocument) -> Result<Start, StarterError> {
        let starter = self.inner.starter();
        let name = &document.recovery_id;
        let outcome = match self.flaw {
            Some(Flaw::RunsANameAgain) if starter.status(name).await? != ExecutionStatus::Unknown => {
                let recovery_id = format!("{}-{}", self.runs(), name.as_str()).parse().unwrap();
                starter.start(&RecoveryDocument { recovery_id, ..document.clone() }).await
            }
            Some(Flaw::RunsOneAtATime) if self.runs() > 0 => Ok(Start::AlreadyRunning),
            Some(_) | None => starter.start(document).await,
        };
        match (self.flaw, outcome) {
            (Some(Flaw::StartsAllAnew), Ok(_)) => Ok(Start::Started),
            (Some(Flaw::CallsFailuresFinal), Err(_)) => Err(StarterError::Refused("a flaw".into())),
            (_, outcome) => outcome,
        }
    }

    async fn status(&self, recovery_id: &RecoveryId) -> Result<ExecutionStatus, StarterError> {
        match (self.flaw, self.inner.starter().status(recovery_id).await) {
            (Some(Flaw::RunsWhatItDoesNotKnow), Ok(ExecutionStatus::Unknown)) => Ok(ExecutionStatus::Running),
            (Some(Flaw::KnowsNothingWhenDown), Err(_)) => Ok(ExecutionStatus::Unknown),
            (_, outcome) => outcome,
        }
    }
}

impl StarterStage for BrokenStarter {
    fn starter(&self) -> &impl RecoveryStarter {
        self
    }

    fn runs(&self) -> usize {
        self.inner.runs()
    }

    async fn end(&self, recovery_id: &RecoveryId) {
        self.inner.end(recovery_id).await;
    }

    fn forget(&self, recovery_id: &RecoveryId) {
        self.inner.forget(recovery_id);
    }
}

impl FailingStarterStage for BrokenStarter {
    fn fail_next_call(&self, fault: CallFault) {
        self.inner.fail_next_call(fault);
    }
}

#[tokio::test]
async fn every_case_of_the_starter_notices_a_flaw() {
    assert_noticed! { BrokenStarter:
        RunsANameAgain by starter::a_start_that_is_repeated_runs_once_and_goes_on,
        StartsAllAnew by starter::a_name_under_way_is_already_running_for_another_document,
        RunsANameAgain by starter::racing_starts_of_a_name_run_once,
        RunsOneAtATime by starter::names_are_kept_apart,
        RunsANameAgain by starter::a_name_that_has_ended_has_ended_and_does_not_run_again,
        StartsAllAnew by starter::a_name_that_has_ended_has_ended_and_does_not_run_again,
        RunsWhatItDoesNotKnow by starter::a_name_that_never_ran_or_is_forgotten_is_unknown,
        KnowsNothingWhenDown by starter::a_service_that_does_not_answer_is_unavailable,
        CallsFailuresFinal by starter::a_service_that_does_not_answer_is_unavailable,
        RunsANameAgain by starter::a_start_whose_answer_was_lost_is_found_by_the_next,
    }
}
