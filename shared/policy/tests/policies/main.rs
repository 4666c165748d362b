//! The shipped policies and what a laboratory may do with them.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and clippy's leave for tests does not reach what they share"
)]

mod contract;
mod loading;
mod overview;
mod roles;
mod telling;

use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Principal;
use alims_domain::identifiers::{PrincipalId, TenantId, WorkflowId, WorkflowType};
use alims_domain::lifecycle::State;
use alims_operations::ports::AccessPolicy;
use alims_policy::CedarPolicy;
use std::path::{Path, PathBuf};

/// The folder that is shipped.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// A shipped file as it stands.
fn shipped_text(file: &str) -> String {
    std::fs::read_to_string(shipped().join(file)).unwrap()
}

/// What a member of tenant `lab-1` with these roles is told about a workflow of a tenant.
fn asked(policy: &CedarPolicy, roles: &[&str], action: Action, tenant_of_workflow: &str) -> AccessDecision {
    let principal = Principal {
        id: "alice".parse().unwrap(),
        tenant_id: "lab-1".parse().unwrap(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let tenant_id: TenantId = tenant_of_workflow.parse().unwrap();
    let workflow_id: WorkflowId = "w-1".parse().unwrap();
    let workflow_type: WorkflowType = "test-run".parse().unwrap();
    let created_by: PrincipalId = "bob".parse().unwrap();
    policy.decide(&AccessQuestion {
        request_id: "request-1",
        principal: &principal,
        action,
        resource: Resource {
            tenant_id: &tenant_id,
            workflow_id: Some(&workflow_id),
            workflow_type: Some(&workflow_type),
            current_state: Some(State::Active),
            created_by: Some(&created_by),
        },
    })
}

/// The same about a workflow of the caller's own tenant.
fn asked_at_home(policy: &CedarPolicy, roles: &[&str], action: Action) -> AccessDecision {
    asked(policy, roles, action, "lab-1")
}

fn permitted_by(id: &str) -> AccessDecision {
    AccessDecision::Permitted { policies: vec![id.to_owned()] }
}

fn forbidden_by(ids: &[&str]) -> AccessDecision {
    AccessDecision::Forbidden { policies: ids.iter().map(|id| (*id).to_owned()).collect() }
}
