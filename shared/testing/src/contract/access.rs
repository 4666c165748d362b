//! The contract of the access policy: an action without a clear permission is forbidden, and the decision names its
//! policies.

use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Principal;
use alims_domain::identifiers::{PrincipalId, TenantId, WorkflowId, WorkflowType};
use alims_domain::lifecycle::State;
use alims_operations::ports::AccessPolicy;

/// The policies that an adapter is loaded with, in Cedar.
pub const POLICIES: &str = r#"
@id("contract.read") permit (principal in ALIMS::Role::"reader", action == ALIMS::Action::"getWorkflowState", resource);
@id("contract.work") permit (principal in ALIMS::Role::"worker", action in
  [ALIMS::Action::"getWorkflowState", ALIMS::Action::"pauseWorkflow"], resource);
@id("contract.hold") forbid (principal, action == ALIMS::Action::"pauseWorkflow", resource)
  when { resource has workflow_type && resource.workflow_type == ALIMS::WorkflowType::"held" };
@id("contract.tenant") forbid (principal, action, resource) unless { resource.tenant_id == principal.tenant_id };
@id("contract.replay") permit (principal, action in
  [ALIMS::Action::"replayEvents", ALIMS::Action::"releaseWorkflow"], resource);
// The sum is too large for a number, so these fail whenever they are asked.
@id("contract.fails-to-forbid") forbid (principal, action == ALIMS::Action::"replayEvents", resource)
  when { 9223372036854775807 + 1 == 0 };
@id("contract.fails-to-permit") permit (principal, action == ALIMS::Action::"releaseWorkflow", resource)
  when { 9223372036854775807 + 1 == 0 };
"#;

/// The roles that the policies name, and one that they do not.
const ROLES: [&[&str]; 5] = [&[], &["reader"], &["worker"], &["reader", "worker"], &["stranger"]];

/// A workflow that another principal created.
struct Asking {
    principal: Principal,
    tenant_id: TenantId,
    workflow_id: WorkflowId,
    workflow_type: WorkflowType,
    created_by: PrincipalId,
}

impl Asking {
    /// A member of the tenant `lab-1` with these roles, about a workflow of that tenant.
    fn with_roles(roles: &[&str]) -> Self {
        Self {
            principal: Principal {
                id: "alice".parse().unwrap(),
                tenant_id: "lab-1".parse().unwrap(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            },
            tenant_id: "lab-1".parse().unwrap(),
            workflow_id: "w-1".parse().unwrap(),
            workflow_type: "free".parse().unwrap(),
            created_by: "bob".parse().unwrap(),
        }
    }

    fn of_type(self, workflow_type: &str) -> Self {
        Self { workflow_type: workflow_type.parse().unwrap(), ..self }
    }

    fn of_tenant(self, tenant_id: &str) -> Self {
        Self { tenant_id: tenant_id.parse().unwrap(), ..self }
    }

    fn resource(&self) -> Resource<'_> {
        Resource {
            workflow_id: Some(&self.workflow_id),
            workflow_type: Some(&self.workflow_type),
            current_state: Some(State::Active),
            created_by: Some(&self.created_by),
            ..self.bare_resource()
        }
    }

    /// Nothing is known but the tenant.
    fn bare_resource(&self) -> Resource<'_> {
        let tenant_id = &self.tenant_id;
        Resource::of_tenant(tenant_id)
    }

    fn about(&self, policy: &impl AccessPolicy, action: Action, resource: Resource<'_>) -> AccessDecision {
        policy.decide(&AccessQuestion { request_id: "request-1", principal: &self.principal, action, resource })
    }

    fn decided_by(&self, policy: &impl AccessPolicy, action: Action) -> AccessDecision {
        self.about(policy, action, self.resource())
    }
}

fn permitted_by(policies: &[&str]) -> AccessDecision {
    AccessDecision::Permitted { policies: policies.iter().map(|id| (*id).to_owned()).collect() }
}

fn forbidden_by(policies: &[&str]) -> AccessDecision {
    AccessDecision::Forbidden { policies: policies.iter().map(|id| (*id).to_owned()).collect() }
}

/// For any policies: a decision can be repeated and compared.
pub fn the_same_question_has_the_same_decision(policy: &impl AccessPolicy) {
    for roles in ROLES {
        for action in Action::ALL {
            let asking = Asking::with_roles(roles);
            let first = asking.decided_by(policy, action);
            for _ in 0..3 {
                assert_eq!(asking.decided_by(policy, action), first, "{roles:?} {action:?}");
            }
        }
    }
}

/// For any policies, and any known facts about the workflow.
pub fn every_permission_names_the_policies_that_gave_it(policy: &impl AccessPolicy) {
    for roles in ROLES {
        let asking = Asking::with_roles(roles);
        for action in Action::ALL {
            for resource in [asking.resource(), asking.bare_resource()] {
                if let AccessDecision::Permitted { policies } = asking.about(policy, action, resource) {
                    assert!(!policies.is_empty() && policies.iter().all(|id| !id.is_empty()), "{roles:?} {action:?}");
                }
            }
        }
    }
}

/// One role, several, none, and one that no policy names.
pub fn a_role_may_do_what_a_policy_permits_and_nothing_else(policy: &impl AccessPolicy) {
    let (read, work) = ("contract.read", "contract.work");
    for (roles, may_read, may_pause) in [
        (ROLES[0], forbidden_by(&[]), forbidden_by(&[])),
        (ROLES[1], permitted_by(&[read]), forbidden_by(&[])),
        (ROLES[2], permitted_by(&[work]), permitted_by(&[work])),
        (ROLES[3], permitted_by(&[read, work]), permitted_by(&[work])),
        (ROLES[4], forbidden_by(&[]), forbidden_by(&[])),
    ] {
        let asking = Asking::with_roles(roles);
        assert_eq!(asking.decided_by(policy, Action::GetWorkflowState), may_read, "{roles:?}");
        assert_eq!(asking.decided_by(policy, Action::PauseWorkflow), may_pause, "{roles:?}");
        assert_eq!(asking.decided_by(policy, Action::CancelWorkflow), forbidden_by(&[]), "{roles:?}");
    }
}

/// And it is the one that is named.
pub fn a_policy_that_forbids_outweighs_one_that_permits(policy: &impl AccessPolicy) {
    let held = Asking::with_roles(&["worker"]).of_type("held");
    assert_eq!(held.decided_by(policy, Action::PauseWorkflow), forbidden_by(&["contract.hold"]));
    assert_eq!(held.decided_by(policy, Action::GetWorkflowState), permitted_by(&["contract.work"]));
    let unknown = held.about(policy, Action::PauseWorkflow, held.bare_resource());
    assert_eq!(unknown, permitted_by(&["contract.work"]), "no type is known, so it is not the held one");
}

/// For every action and role, in addition to other policies that forbid it.
pub fn a_workflow_of_another_tenant_is_forbidden(policy: &impl AccessPolicy) {
    for roles in ROLES {
        let asking = Asking::with_roles(roles).of_tenant("lab-2");
        for action in Action::ALL {
            match asking.decided_by(policy, action) {
                AccessDecision::Permitted { policies } => panic!("{roles:?} {action:?}: permitted by {policies:?}"),
                AccessDecision::Forbidden { policies } => assert!(!policies.is_empty(), "{roles:?} {action:?}"),
            }
        }
    }
}

/// One that would forbid, and one that would permit beside another that does: the question is not decided.
pub fn a_policy_that_fails_forbids_what_others_permit(policy: &impl AccessPolicy) {
    for (action, failing) in
        [(Action::ReplayEvents, "contract.fails-to-forbid"), (Action::ReleaseWorkflow, "contract.fails-to-permit")]
    {
        for roles in ROLES {
            assert_eq!(Asking::with_roles(roles).decided_by(policy, action), forbidden_by(&[failing]), "{roles:?}");
        }
    }
}
