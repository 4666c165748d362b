//! The adapter keeps the contract of its port, with the contract's policies and with those that are shipped.

use alims_testing::contract::access as cases;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// The contract's policies.
fn cedar() -> CedarPolicy {
    let files = [("contract.cedar".to_owned(), cases::POLICIES.to_owned())];
    let schema = shipped_text("schema.cedarschema")
        .replace("\"auditor\"]", "\"auditor\", \"reader\", \"worker\"]")
        .replace("\"test-run\"]", "\"test-run\", \"held\"]");
    CedarPolicy::from_text(&schema, files).unwrap()
}

alims_testing::access_contract!(cedar());

mod as_shipped {
    use super::{CedarPolicy, shipped};

    alims_testing::decision_contract!(CedarPolicy::load(&shipped()).unwrap());
}

/// How an adapter breaks the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    DrawsLots,
    NamesNoPolicy,
    KnowsNoRoles,
    PermitsIfAnyPolicyDoes,
    KnowsNoTenants,
    PassesOverWhatFails,
}

/// The contract's policies, with a flaw.
struct Broken {
    cedar: CedarPolicy,
    flaw: Flaw,
    asked: std::sync::atomic::AtomicUsize,
}

impl AccessPolicy for Broken {
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        let asked = self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let permitted = |id: &str| AccessDecision::Permitted { policies: vec![id.to_owned()] };
        let mut principal = question.principal.clone();
        match self.flaw {
            Flaw::KnowsNoRoles => principal.roles = ["worker".to_owned()].into(),
            Flaw::KnowsNoTenants => principal.tenant_id = question.resource.tenant_id.clone(),
            Flaw::DrawsLots | Flaw::NamesNoPolicy | Flaw::PermitsIfAnyPolicyDoes | Flaw::PassesOverWhatFails => {}
        }
        let decision = self.cedar.decide(&AccessQuestion { principal: &principal, ..*question });
        match (self.flaw, &decision) {
            (Flaw::DrawsLots, _) if asked.is_multiple_of(2) => AccessDecision::Forbidden { policies: Vec::new() },
            (Flaw::NamesNoPolicy, AccessDecision::Permitted { .. }) => {
                AccessDecision::Permitted { policies: Vec::new() }
            }
            (Flaw::PermitsIfAnyPolicyDoes, AccessDecision::Forbidden { policies })
                if *policies == ["contract.hold"] =>
            {
                permitted("contract.work")
            }
            (Flaw::PassesOverWhatFails, AccessDecision::Forbidden { policies })
                if policies.iter().any(|id| id.starts_with("contract.fails")) =>
            {
                permitted("contract.replay")
            }
            _ => decision,
        }
    }
}

/// A case of the contract.
type Case = fn(&Broken);

#[test]
fn every_case_of_the_contract_notices_a_flaw() {
    let cases: [(Flaw, Case); 6] = [
        (Flaw::DrawsLots, cases::the_same_question_has_the_same_decision),
        (Flaw::NamesNoPolicy, cases::every_permission_names_the_policies_that_gave_it),
        (Flaw::KnowsNoRoles, cases::a_role_may_do_what_a_policy_permits_and_nothing_else),
        (Flaw::PermitsIfAnyPolicyDoes, cases::a_policy_that_forbids_outweighs_one_that_permits),
        (Flaw::KnowsNoTenants, cases::a_workflow_of_another_tenant_is_forbidden),
        (Flaw::PassesOverWhatFails, cases::a_policy_that_fails_forbids_what_others_permit),
    ];
    for (flaw, case) in cases {
        let broken = Broken { cedar: cedar(), flaw, asked: std::sync::atomic::AtomicUsize::new(0) };
        assert!(catch_unwind(AssertUnwindSafe(|| case(&broken))).is_err(), "{flaw:?} is not noticed");
    }
}
