//! The log line of a decision: who, what, on what, how, and by which policies.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The one line that a decision is told in.
fn told(roles: &[&str], action: Action, tenant: &str) -> serde_json::Value {
    let policy = CedarPolicy::load(&shipped()).unwrap();
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || drop(asked(&policy, roles, action, tenant)));
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_decision_is_told_with_who_what_on_what_and_the_policies_that_decided() {
    for (roles, action, tenant, decision, policies) in [
        (&["analyst"][..], Action::PauseWorkflow, "lab-1", "permitted", "roles.work"),
        (&["analyst"], Action::CancelWorkflow, "lab-1", "forbidden", ""),
        (&["supervisor"], Action::CancelWorkflow, "lab-2", "forbidden", "tenants.own-only"),
    ] {
        let line = told(roles, action, tenant);
        for (name, value) in [
            ("level", "INFO"),
            ("request_id", "request-1"),
            ("principal", "alice"),
            ("tenant", "lab-1"),
            ("action", action.as_str()),
            ("workflow_id", "w-1"),
            ("decision", decision),
            ("policies", policies),
        ] {
            assert_eq!(line[name], value, "{name}: {line}");
        }
    }
}

#[test]
fn a_refusal_names_the_caller_s_roles_that_no_policy_names() {
    let refused = told(&["Supervisor", "analyst", "viewe"], Action::CancelWorkflow, "lab-1");
    assert_eq!((&refused["decision"], &refused["unknown_roles"]), (&"forbidden".into(), &"Supervisor viewe".into()));
    let many: Vec<String> = (0..100).map(|number| format!("group-{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = told(&many, Action::CancelWorkflow, "lab-1");
    assert_eq!(refused["unknown_roles"].as_str().unwrap().split(' ').count(), 8, "{refused}");
    for (roles, action) in [(&["analyst"][..], Action::CancelWorkflow), (&["supervisor", "hr"], Action::CancelWorkflow)]
    {
        assert_eq!(told(roles, action, "lab-1").get("unknown_roles"), None, "{roles:?}");
    }
}
