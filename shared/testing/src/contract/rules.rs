//! The contract of the rules: a clear verdict with all applied rules, or none.
//!
//! An adapter loads [`RULES`] in its engine's own form: [`in_cel`] and [`answer`] are two of them.

use alims_domain::call::Principal;
use alims_domain::event::{AppliedRules, Workflow};
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::signature::{Meaning, Signatures};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::builders::{a_created, a_move, a_principal, a_signature, at, metadata};

/// The workflow type that the rules are for. No rules are for any other.
pub const WORKFLOW_TYPE: &str = "contract-run";

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// A move, or a creation, which comes from no state.
    Move(Option<State>, State),
    /// Amendments in every state.
    Amendments,
    /// Signatures in every state.
    Signatures,
}

impl For {
    /// As the files of the embedded engine and of ALIMS's own engine write it.
    #[must_use]
    pub fn in_yaml(self) -> String {
        match self {
            Self::Move(from, to) => format!("{{ from: {}, to: {to} }}", from.map_or("NOTHING", State::as_str)),
            Self::Amendments => "{ amendment: true }".to_owned(),
            Self::Signatures => "{ signature: true }".to_owned(),
        }
    }
}

/// Each rule's id and what it is for, in the order of evaluation. A rule is met when the metadata after the transition
/// have `yes` in the member with the rule's name; a question has `yes` or `no` there.
pub const RULES: [(&str, For); 7] = [
    ("creation", For::Move(None, State::Created)),
    ("first", For::Move(Some(State::Active), State::Completed)),
    ("pause", For::Move(Some(State::Active), State::Paused)),
    ("amendment", For::Amendments),
    ("signature", For::Signatures),
    ("second", For::Move(Some(State::Active), State::Completed)),
    ("third", For::Move(Some(State::Active), State::Completed)),
];

/// The rules that apply to the completion.
const OF_COMPLETION: [&str; 3] = ["first", "second", "third"];

/// Rules with their engine, which a test can make unavailable.
pub trait EngineStage {
    /// The adapter, loaded with [`RULES`].
    fn rules(&self) -> &impl TransitionRules;

    /// Whether the engine gives no answer from now on.
    fn fails(&self, fails: bool);
}

/// The ruleset as the embedded engine reads it.
#[must_use]
pub fn in_cel() -> String {
    let rules = RULES.map(|(id, of)| {
        format!(
            "  - id: {id}\n    applies_to: [{}]\n    message: Say yes to {id}.\n    \
             expression: transition.metadata.{id} == \"yes\"\n",
            of.in_yaml()
        )
    });
    format!("ruleset: contract\nversion: \"1\"\nworkflow_types: [{WORKFLOW_TYPE}]\nrules:\n{}", rules.concat())
}

/// The answer of a remote engine to a question in JSON, by the same rules.
#[must_use]
pub fn answer(question: &Value) -> Value {
    let (workflow, transition) = (&question["workflow"], &question["transition"]);
    let judged = workflow["workflow_type"] == WORKFLOW_TYPE;
    let keeps = ["amendment", "signature"].into_iter().find(|kind| transition["kind"] == *kind);
    let applies = |of: For| match of {
        For::Move(from, to) => {
            transition["from_state"] == json!(from.map(State::as_str)) && transition["to_state"] == to.as_str()
        }
        For::Amendments => keeps == Some("amendment"),
        For::Signatures => keeps == Some("signature"),
    };
    let applied: Vec<&str> = RULES.into_iter().filter(|(_, of)| judged && applies(*of)).map(|(id, _)| id).collect();
    let unmet = applied.iter().filter(|id| transition["metadata"][**id] != "yes");
    let reasons: Vec<Value> = unmet.map(|id| json!({"rule_id": id, "message": format!("Say yes to {id}.")})).collect();
    let mut answer = json!({
        "request_id": question["request_id"], "decision": if reasons.is_empty() { "allow" } else { "deny" },
        "reasons": reasons, "ruleset": if judged { "contract" } else { AppliedRules::LIFECYCLE_ONLY },
        "ruleset_version": "1", "evaluated": applied
    });
    if let Some(kind) = keeps {
        answer["kind"] = json!(kind);
    }
    answer
}

/// A transition to judge.
struct Asking {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
}

impl Asking {
    /// A transition of a workflow of a type, with metadata that meet these rules and no others.
    fn of_type(workflow_type: &str, from: Option<State>, to: State, yes: &[&str]) -> Self {
        let created = a_created("w-1");
        let stored = if from == Some(State::Active) { a_move(&created, State::Active) } else { created };
        let mut workflow = Workflow::from(&stored.event);
        workflow.current_state = from.unwrap_or(State::Created);
        workflow.workflow_type = workflow_type.parse().unwrap();
        let said = RULES.into_iter().map(|(rule, _)| (rule, if yes.contains(&rule) { "yes" } else { "no" }));
        let said: Map<String, Value> = said.map(|(rule, answer)| (rule.to_owned(), json!(answer))).collect();
        let transition = Transition {
            from,
            to,
            reason: None,
            data: metadata(&Value::Object(said)).into(),
            failure: None,
            signature: None,
            signatures: Signatures::default(),
        };
        Self { workflow, transition, actor: a_principal("bob", &["supervisor"]) }
    }

    /// A signature of an active workflow that the rules are for.
    fn to_sign(yes: &[&str]) -> Self {
        let mut asking = Self::of_type(WORKFLOW_TYPE, Some(State::Active), State::Active, yes);
        let signed = a_signature(&a_move(&a_created("w-1"), State::Active), "bob", Meaning::Review).event;
        asking.transition.signature = signed.signature;
        asking.transition.signatures = signed.signatures;
        asking
    }

    /// The completion of a workflow that the rules are for.
    fn to_complete(yes: &[&str]) -> Self {
        Self::of_type(WORKFLOW_TYPE, Some(State::Active), State::Completed, yes)
    }

    async fn of(&self, rules: &impl TransitionRules) -> Result<Verdict, RulesUnavailable> {
        let Self { workflow, transition, actor } = self;
        let question =
            RulesQuestion { request_id: "request-1", workflow, transition, actor, context: None, now: at(9000) };
        rules.judge(&question).await
    }
}

/// Every set of the completion's rules.
fn sets() -> Vec<Vec<&'static str>> {
    let within = |set: usize| OF_COMPLETION.into_iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1);
    (0..1_usize << OF_COMPLETION.len()).map(|set| within(set).map(|(_, id)| id).collect()).collect()
}

/// Checks a verdict against the expected applied and unmet rules.
#[track_caller]
fn assert_verdict(verdict: &Verdict, evaluated: &[&str], unmet: &[&str]) {
    let (rules, reasons) = match verdict {
        Verdict::Allow(rules) => (rules, Vec::new()),
        Verdict::Deny { rules, reasons } => {
            assert!(!reasons.is_empty(), "a refusal without reason");
            assert!(reasons.iter().all(|reason| !reason.message.trim().is_empty()), "{reasons:?}");
            (rules, reasons.iter().map(|reason| reason.rule_id.as_str()).collect())
        }
    };
    assert_eq!(rules.evaluated, evaluated, "{verdict:?}");
    assert_eq!(reasons, unmet, "{verdict:?}");
    assert!(!rules.ruleset.is_empty() && !rules.ruleset_version.is_empty(), "{rules:?}");
    assert_ne!(rules.ruleset, AppliedRules::LIFECYCLE_ONLY, "a ruleset names the type");
}

/// For any rules: a repeated question gets the same verdict, and a missing answer is never a verdict.
pub async fn the_same_question_has_the_same_verdict<R: TransitionRules>(rules: R) {
    for yes in sets() {
        let asking = Asking::to_complete(&yes);
        let first = asking.of(&rules).await.ok();
        for _ in 0..3 {
            assert_eq!(asking.of(&rules).await.ok(), first, "yes to {yes:?}");
        }
    }
}

/// For any rules: a refusal has reasons, and each names an applied rule.
pub async fn every_reason_of_a_refusal_is_a_rule_that_was_applied<R: TransitionRules>(rules: R) {
    for yes in sets() {
        if let Ok(Verdict::Deny { rules, reasons }) = Asking::to_complete(&yes).of(&rules).await {
            assert!(!reasons.is_empty(), "a refusal without reason");
            assert!(reasons.iter().all(|reason| rules.evaluated.contains(&reason.rule_id)), "{rules:?}: {reasons:?}");
        }
    }
}

/// The verdict names every unmet rule, in order, and no other; it applied every rule of the transition.
pub async fn a_refusal_names_exactly_the_rules_that_were_not_met<R: TransitionRules>(rules: R) {
    for yes in sets() {
        let verdict = Asking::to_complete(&yes).of(&rules).await.unwrap();
        let unmet: Vec<&str> = OF_COMPLETION.into_iter().filter(|rule| !yes.contains(rule)).collect();
        assert_verdict(&verdict, &OF_COMPLETION, &unmet);
    }
}

/// The rules of another transition have no effect; the ruleset allows a transition without rules.
pub async fn only_the_rules_of_the_move_are_applied<R: TransitionRules>(rules: R) {
    let active = Some(State::Active);
    for (to, yes, evaluated, unmet) in [
        (State::Paused, &["pause"][..], &["pause"][..], &[][..]),
        (State::Paused, &OF_COMPLETION, &["pause"], &["pause"]),
        (State::Failed, &[], &[], &[]),
    ] {
        let verdict = Asking::of_type(WORKFLOW_TYPE, active, to, yes).of(&rules).await.unwrap();
        assert_verdict(&verdict, evaluated, unmet);
    }
}

/// It is a transition without a current state.
pub async fn a_creation_is_judged_by_its_rules<R: TransitionRules>(rules: R) {
    for (yes, unmet) in [(&["creation"][..], &[][..]), (&OF_COMPLETION, &["creation"])] {
        let creation = Asking::of_type(WORKFLOW_TYPE, None, State::Created, yes);
        assert_verdict(&creation.of(&rules).await.unwrap(), &["creation"], unmet);
    }
}

/// In every state an amendment is judged by its own rules, and by no rule of a move; no move is judged by them.
pub async fn an_amendment_is_judged_by_its_rules_only<R: TransitionRules>(rules: R) {
    for state in State::ALL {
        for (yes, unmet) in [(&["amendment"][..], &[][..]), (&OF_COMPLETION, &["amendment"])] {
            let amendment = Asking::of_type(WORKFLOW_TYPE, Some(state), state, yes);
            assert_verdict(&amendment.of(&rules).await.unwrap(), &["amendment"], unmet);
        }
    }
    let completion = Asking::to_complete(&OF_COMPLETION).of(&rules).await.unwrap();
    assert_verdict(&completion, &OF_COMPLETION, &[]);
}

/// It is judged by the rules for signatures, and by no rule of a move or an amendment; neither is judged by them.
pub async fn a_signature_is_judged_by_its_rules_only<R: TransitionRules>(rules: R) {
    for (yes, unmet) in
        [(&["signature"][..], &[][..]), (&["amendment"], &["signature"]), (&OF_COMPLETION, &["signature"])]
    {
        assert_verdict(&Asking::to_sign(yes).of(&rules).await.unwrap(), &["signature"], unmet);
    }
    let signed = Asking::to_sign(&["signature"]).transition;
    let amendment = Asking::of_type(WORKFLOW_TYPE, Some(State::Active), State::Active, &["amendment"]);
    let amendment =
        Asking { transition: Transition { signatures: signed.signatures, ..amendment.transition }, ..amendment };
    assert_verdict(&amendment.of(&rules).await.unwrap(), &["amendment"], &[]);
}

/// The lifecycle alone decides such a type; its metadata have no effect.
pub async fn a_type_that_no_ruleset_names_is_allowed_by_the_lifecycle_only<R: TransitionRules>(rules: R) {
    for yes in [&[][..], &OF_COMPLETION] {
        let active = Some(State::Active);
        for (from, to) in [(None, State::Created), (active, State::Completed), (active, State::Active)] {
            let verdict = Asking::of_type("unheard-of", from, to, yes).of(&rules).await.unwrap();
            assert_eq!(verdict, Verdict::Allow(AppliedRules::lifecycle_only()), "{to}");
        }
    }
}

/// Each gets its own verdict.
pub async fn questions_asked_at_the_same_time_do_not_mix<R: TransitionRules>(rules: R) {
    let questions = [vec![], vec!["second"], OF_COMPLETION.to_vec()];
    for _ in 0..5 {
        let judged = questions.iter().map(async |yes| Asking::to_complete(yes).of(&rules).await.unwrap());
        for (verdict, yes) in join_all(judged).await.iter().zip(&questions) {
            let unmet: Vec<&str> = OF_COMPLETION.into_iter().filter(|rule| !yes.contains(rule)).collect();
            assert_verdict(verdict, &OF_COMPLETION, &unmet);
        }
    }
}

/// An engine without an answer gives neither verdict; when it is available again, it gives the expected one.
pub async fn an_engine_that_gives_no_answer_neither_allows_nor_refuses(stage: impl EngineStage) {
    for (yes, unmet) in [(&OF_COMPLETION[..], &[][..]), (&["first", "third"], &["second"])] {
        let asking = Asking::to_complete(yes);
        stage.fails(true);
        let outcome = asking.of(stage.rules()).await;
        assert!(outcome.is_err(), "{outcome:?}");
        stage.fails(false);
        assert_verdict(&asking.of(stage.rules()).await.unwrap(), &OF_COMPLETION, unmet);
    }
}
