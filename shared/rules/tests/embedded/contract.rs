//! The embedded engine keeps the contract of its port, and each of the contract's cases notices rules that break it.

use alims_domain::event::AppliedRules;
use alims_operations::ports::RulesUnavailable;
use alims_testing::contract::rules::{self as cases, EngineStage, in_cel};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

fn by_cel() -> EmbeddedRules {
    loaded(&in_cel()).unwrap()
}

alims_testing::rules_contract!(by_cel());

/// How an adapter breaks the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    DrawsLots,
    GivesNoReasons,
    StopsAtTheFirstReason,
    JudgesTheCompletion,
    AllowsCreations,
    AllowsAmendments,
    JudgesAmendmentsAsMoves,
    RefusesUnknownTypes,
    NamesItsRulesetForUnknownTypes,
    AnswersTheQuestionBefore,
    AllowsWhenDown,
    RefusesWhenDown,
}

/// The contract's rules, with a flaw.
struct Broken {
    rules: EmbeddedRules,
    flaw: Option<Flaw>,
    asked: AtomicUsize,
    before: Mutex<Option<Verdict>>,
    fails: AtomicBool,
}

impl Broken {
    fn by(flaw: Option<Flaw>) -> Self {
        let (before, fails) = (Mutex::default(), AtomicBool::new(false));
        Self { rules: by_cel(), flaw, asked: AtomicUsize::new(0), before, fails }
    }

    fn down(&self) -> Result<Verdict, RulesUnavailable> {
        let rules = AppliedRules::lifecycle_only();
        let reason =
            alims_domain::refusal::RuleReason { rule_id: "down".to_owned(), message: "It is down.".to_owned() };
        match self.flaw {
            Some(Flaw::AllowsWhenDown) => Ok(Verdict::Allow(rules)),
            Some(Flaw::RefusesWhenDown) => Ok(Verdict::Deny { rules, reasons: vec![reason] }),
            Some(_) | None => Err(RulesUnavailable("it is down on purpose".into())),
        }
    }
}

impl TransitionRules for Broken {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        if self.fails.load(Ordering::SeqCst) {
            return self.down();
        }
        let completion = Transition { from: Some(Active), to: Completed, ..question.transition.clone() };
        let amended = question.transition.keeps_the_state();
        let transition = match self.flaw {
            Some(Flaw::JudgesTheCompletion) => &completion,
            Some(Flaw::JudgesAmendmentsAsMoves) if amended => &completion,
            Some(_) | None => question.transition,
        };
        let verdict = self.rules.judge(&RulesQuestion { transition, ..question.clone() }).await?;
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let unknown = question.workflow.workflow_type.as_str() == "unheard-of";
        Ok(match (self.flaw, verdict) {
            (Some(Flaw::DrawsLots), Verdict::Deny { rules, .. }) if asked.is_multiple_of(2) => Verdict::Allow(rules),
            (Some(Flaw::GivesNoReasons), Verdict::Deny { rules, .. }) => Verdict::Deny { rules, reasons: Vec::new() },
            (Some(Flaw::StopsAtTheFirstReason), Verdict::Deny { rules, mut reasons }) => {
                reasons.truncate(1);
                Verdict::Deny { rules, reasons }
            }
            (Some(Flaw::AllowsAmendments), Verdict::Deny { rules, .. }) if amended => Verdict::Allow(rules),
            (Some(Flaw::AllowsCreations), Verdict::Deny { rules, .. }) if transition.from.is_none() => {
                Verdict::Allow(rules)
            }
            (Some(Flaw::RefusesUnknownTypes), Verdict::Allow(rules)) if unknown => {
                Verdict::Deny { rules, reasons: Vec::new() }
            }
            (Some(Flaw::NamesItsRulesetForUnknownTypes), Verdict::Allow(rules)) if unknown => {
                Verdict::Allow(AppliedRules { ruleset: "contract".to_owned(), ..rules })
            }
            (Some(Flaw::AnswersTheQuestionBefore), verdict) => {
                self.before.lock().unwrap().replace(verdict.clone()).unwrap_or(verdict)
            }
            (_, verdict) => verdict,
        })
    }
}

impl EngineStage for Broken {
    fn rules(&self) -> &impl TransitionRules {
        self
    }

    fn fails(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

/// The case fails with this flaw, and without any it does not.
macro_rules! assert_noticed {
    ($($flaw:ident by $case:ident),+ $(,)?) => {
        $(
            cases::$case(Broken::by(None)).await;
            let outcome = AssertUnwindSafe(cases::$case(Broken::by(Some(Flaw::$flaw)))).catch_unwind().await;
            assert!(outcome.is_err(), "{} passes with {:?}", stringify!($case), Flaw::$flaw);
        )+
    };
}

#[tokio::test]
async fn every_case_of_the_contract_notices_a_flaw() {
    assert_noticed! {
        DrawsLots by the_same_question_has_the_same_verdict,
        GivesNoReasons by every_reason_of_a_refusal_is_a_rule_that_was_applied,
        StopsAtTheFirstReason by a_refusal_names_exactly_the_rules_that_were_not_met,
        JudgesTheCompletion by only_the_rules_of_the_move_are_applied,
        AllowsCreations by a_creation_is_judged_by_its_rules,
        AllowsAmendments by an_amendment_is_judged_by_its_rules_only,
        JudgesAmendmentsAsMoves by an_amendment_is_judged_by_its_rules_only,
        RefusesUnknownTypes by a_type_that_no_ruleset_names_is_allowed_by_the_lifecycle_only,
        NamesItsRulesetForUnknownTypes by a_type_that_no_ruleset_names_is_allowed_by_the_lifecycle_only,
        AnswersTheQuestionBefore by questions_asked_at_the_same_time_do_not_mix,
        AllowsWhenDown by an_engine_that_gives_no_answer_neither_allows_nor_refuses,
        RefusesWhenDown by an_engine_that_gives_no_answer_neither_allows_nor_refuses,
    }
}
