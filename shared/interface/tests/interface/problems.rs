//! Problems as the caller sees them: every code with its status, its headers and the members of its own.

use alims_domain::authentication::{FreshAuthentication, WhyInsufficient};
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{PrincipalId, Version};
use alims_domain::json::JsonRefused;
use alims_domain::lifecycle::State;
use alims_domain::refusal::{RuleReason, Whose};
use alims_domain::signature::NotAdded;
use alims_edge::exchange::Exchange;
use alims_edge::problem::{Problem, ProblemCode, RequestFault, Unsupported};
use alims_edge::testing::{GatewayEvent, REQUEST_ID, Seen};
use alims_operations::create_workflow::CreateWorkflowError;
use alims_operations::get_workflow_recovery::GetWorkflowRecoveryError;
use alims_operations::ports::{LogError, NewerFormat, RulesUnavailable, StarterError, StoreError};
use alims_operations::recover_workflow::RecoverWorkflowError;
use alims_operations::release_workflow::ReleaseWorkflowError;
use alims_operations::replay_events::ReplayEventsError;
use alims_operations::request_state_transition::RequestStateTransitionError;
use alims_operations::sign_workflow::InsufficientAuthentication;
use alims_operations::{
    Bug, Forbidden, InvalidTransition, NotReplaceable, NotSigned, Quarantined, ReadWorkflowError, RuleViolation,
    StartRecoveryError, TooManyRefusals, VersionConflict, WhyNotReplaceable, WorkflowClosed,
};
use alims_testing::builders::{a_break, a_key, version};
use serde_json::{Map, Value, json};

fn seen(problem: Problem) -> Seen {
    let request = GatewayEvent::of(&get_workflow_state::ROUTE).incoming();
    Exchange::open(&get_workflow_state::ROUTE, &request).close(Err(problem)).into()
}

fn conflict() -> VersionConflict {
    VersionConflict { current_state: State::Paused, version: version(8) }
}

fn not_replaceable(why: WhyNotReplaceable) -> Problem {
    Problem::NotReplaceable(NotReplaceable { workflow_id: "wf-0".parse().expect("an id"), why })
}

/// One problem of every code, with its status and the members that only it has.
pub(crate) fn every_problem() -> Vec<(Problem, u16, Value)> {
    let fault = RequestFault { pointer: Some("/reason".to_owned()), message: "is required".to_owned() };
    let outside = RequestFault { pointer: None, message: "the header if-match must be …".to_owned() };
    let invalid = InvalidTransition { current_state: State::Paused, target_state: State::Failed, version: version(7) };
    [
        (
            Problem::MalformedRequest(vec![fault, outside.clone()]),
            400,
            json!({"errors": [{"pointer": "/reason", "message": "is required"},
                              {"message": "the header if-match must be …"}]}),
        ),
        (Problem::Unauthenticated("The request carries no verified token"), 401, json!({})),
        (insufficient(WhyInsufficient::TooOld), 401, json!({})),
        (Problem::Forbidden(Forbidden { action: "failWorkflow", policies: vec!["p".to_owned()] }), 403, json!({})),
        (Problem::WorkflowNotFound, 404, json!({})),
        (Problem::WorkflowAlreadyExists("wf-1".parse().expect("an id")), 409, json!({})),
        (
            Problem::InvalidTransition(invalid),
            409,
            json!({"current_state": "PAUSED", "version": 7, "allowed_transitions": ["ACTIVE", "CANCELLED"]}),
        ),
        (Problem::ExportNotFound, 404, json!({})),
        (Problem::NothingToExport, 422, json!({})),
        (
            Problem::WorkflowClosed(WorkflowClosed { current_state: State::Completed, version: version(5) }),
            409,
            json!({"current_state": "COMPLETED", "version": 5}),
        ),
        (not_signed(NotAdded::AlreadySigned), 409, json!({"current_state": "ACTIVE", "version": 4})),
        (not_signed(NotAdded::TooMany), 409, json!({"current_state": "ACTIVE", "version": 4})),
        (
            Problem::VersionConflict { conflict: conflict(), if_match: false },
            409,
            json!({"current_state": "PAUSED", "version": 8}),
        ),
        (
            Problem::VersionConflict { conflict: conflict(), if_match: true },
            412,
            json!({"current_state": "PAUSED", "version": 8}),
        ),
        (not_replaceable(WhyNotReplaceable::NotFound), 422, json!({})),
        (not_replaceable(WhyNotReplaceable::NotClosed(State::Paused)), 422, json!({"current_state": "PAUSED"})),
        (
            Problem::PayloadTooLarge { what: "metadata", limit_bytes: 65_536, faults: Vec::new() },
            413,
            json!({"limit_bytes": 65_536}),
        ),
        (
            Problem::UnsupportedMediaType { faults: vec![outside], what: Unsupported::Type },
            415,
            json!({"errors": [{"message": "the header if-match must be …"}]}),
        ),
        (
            Problem::WorkflowQuarantined(Break { at: version(3), fault: BreakKind::Altered }),
            423,
            json!({"broken_at_version": 3}),
        ),
        (
            Problem::NothingToGoOnFrom(Break { at: version(60), fault: BreakKind::Unreadable }),
            423,
            json!({"broken_at_version": 60}),
        ),
        (
            not_replaceable(Quarantined(Break { at: version(3), fault: BreakKind::Altered }).into()),
            423,
            json!({"broken_at_version": 3}),
        ),
    ]
    .into_iter()
    .chain(problems_of_judging_and_storing())
    .collect()
}

fn insufficient(why: WhyInsufficient) -> Problem {
    Problem::InsufficientUserAuthentication(InsufficientAuthentication { why, needed: FreshAuthentication::default() })
}

fn not_signed(why: NotAdded) -> Problem {
    Problem::NotSigned(NotSigned { why, current_state: State::Active, version: version(4) })
}

fn problems_of_judging_and_storing() -> Vec<(Problem, u16, Value)> {
    let reason = RuleReason { rule_id: "four-eyes".to_owned(), message: "Not you.".to_owned() };
    let violation = RuleViolation { reasons: vec![reason], ruleset: "lab".to_owned(), ruleset_version: "3".to_owned() };
    let flood = TooManyRefusals { whose: Whose::Principal, retry_after_seconds: 42 };
    vec![
        (Problem::WorkflowNotQuarantined(a_break(3).id()), 409, json!({})),
        (
            Problem::RuleViolation(violation),
            422,
            json!({"reasons": [{"rule_id": "four-eyes", "message": "Not you."}], "ruleset": "lab",
                   "ruleset_version": "3"}),
        ),
        (Problem::IdempotencyKeyReused, 422, json!({})),
        (Problem::TooManyRefusals(flood), 429, json!({})),
        (Problem::RulesEngineUnavailable("secret".into()), 503, json!({})),
        (Problem::StorageUnavailable("secret".into()), 503, json!({})),
        (
            Problem::ReplayInterrupted { next_version: version(4), cause: "secret".into() },
            503,
            json!({"next_version": 4}),
        ),
        (Problem::WrittenByNewerRelease("secret".into()), 503, json!({})),
        (Problem::OutOfTime, 503, json!({})),
        (Problem::NotReached, 503, json!({})),
        (Problem::internal("secret"), 500, json!({})),
    ]
}

#[test]
fn every_code_has_its_status_and_members_of_its_own() {
    let mut codes = Vec::new();
    for (problem, status, extra) in every_problem() {
        let code = problem.kind();
        codes.push(code);
        let seen = seen(problem);
        assert_eq!(seen.status, status, "{}", code.as_str());
        let mut body: Map<String, Value> = seen.body.as_object().expect("an object").clone();
        for (name, value) in [
            ("type", json!(format!("urn:alims:problem:{}", code.as_str()))),
            ("title", json!(code.title())),
            ("status", json!(status)),
            ("code", json!(code.as_str())),
            ("request_id", json!(REQUEST_ID)),
        ] {
            assert_eq!(body.remove(name), Some(value), "{}: {name}", code.as_str());
        }
        let detail = body.remove("detail").expect("a detail");
        assert!(detail.as_str().is_some_and(|detail| detail.ends_with('.') && detail.matches(". ").count() >= 1));
        assert_eq!(Value::Object(body), extra, "{}", code.as_str());
    }
    codes.dedup();
    assert_eq!(codes, ProblemCode::ALL);
}

/// Where a detail depends on more than its code, every text that it can have.
fn every_variant() -> Vec<Problem> {
    let mut problems: Vec<Problem> = every_problem().into_iter().map(|(problem, _, _)| problem).collect();
    for fault in [
        BreakKind::Missing,
        BreakKind::Unreadable,
        BreakKind::Foreign,
        BreakKind::Altered,
        BreakKind::Unlinked,
        BreakKind::UnreadableQuarantine,
        BreakKind::UnreadableRecovery,
        BreakKind::Replaced,
        BreakKind::Changed,
    ] {
        let broken = Break { at: Version::LAST, fault };
        problems.push(Problem::WorkflowQuarantined(broken.clone()));
        problems.push(Problem::NothingToGoOnFrom(broken.clone()));
        let why = WhyNotReplaceable::Quarantined(Quarantined(broken));
        problems.push(Problem::NotReplaceable(NotReplaceable { workflow_id: "wf-0".parse().expect("an id"), why }));
    }
    for whose in [Whose::Principal, Whose::Everybody] {
        problems.push(Problem::TooManyRefusals(TooManyRefusals { whose, retry_after_seconds: 60 }));
    }
    for what in ["body", "metadata", "validation_context"] {
        problems.push(Problem::PayloadTooLarge { what, limit_bytes: 65_536, faults: Vec::new() });
    }
    let event = || GatewayEvent::of(&get_workflow_state::ROUTE);
    let reserved = format!("{}recovery", PrincipalId::RESERVED_PREFIX);
    for event in [
        event().anonymous(),
        event().claim("sub", ""),
        event().claim("sub", reserved.clone()),
        event().claim("tenant_id", "#"),
    ] {
        let problem = get_workflow_state::request::read(&event.incoming()).expect_err("a refusal");
        assert_eq!(problem.kind(), ProblemCode::Unauthenticated);
        problems.push(problem);
    }
    problems
}

#[test]
fn a_detail_has_at_most_25_words() {
    for problem in every_variant() {
        let detail = problem.detail();
        let words = detail.split_whitespace().count();
        assert!(words <= 25, "{}: {words} words: {detail}", problem.code());
    }
}

#[test]
fn every_problem_carries_the_headers_that_belong_to_it() {
    for (problem, status, _) in every_problem() {
        let headers = seen(problem).headers;
        assert_eq!(headers.get("content-type").map(String::as_str), Some("application/problem+json"));
        assert_eq!(headers.get("x-request-id").map(String::as_str), Some(REQUEST_ID));
        assert_eq!(headers.get("cache-control").map(String::as_str), Some("no-store"));
        let wait = match status {
            429 => Some("42"),
            503 => Some("1"),
            _ => None,
        };
        assert_eq!(headers.get("retry-after").map(String::as_str), wait);
        assert_eq!(headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(headers.contains_key("accept"), status == 415);
    }
}

#[test]
fn an_unsupported_type_and_an_unsupported_coding_are_told_apart() {
    for (what, header, value) in
        [(Unsupported::Type, "accept", "application/json"), (Unsupported::Coding, "accept-encoding", "identity")]
    {
        let headers = seen(Problem::UnsupportedMediaType { faults: Vec::new(), what }).headers;
        let told: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| name.starts_with("accept"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(told, [(header, value)]);
    }
}

#[test]
fn nothing_of_the_inside_gets_out() {
    for (problem, _, _) in every_problem() {
        let seen = seen(problem);
        assert!(!seen.body.to_string().contains("secret"), "{seen:?}");
    }
}

#[test]
fn a_replay_of_what_is_not_published_is_told_how_far_the_workflow_and_its_events_are() {
    let told = |published| {
        let body =
            seen(replay_events::problems::problem(ReplayEventsError::NotPublished { head: version(5), published }))
                .body;
        assert_eq!(
            (&body["code"], &body["errors"][0]["pointer"]),
            (&json!("malformed-request"), &json!("/from_version"))
        );
        body["errors"][0]["message"].as_str().expect("a message").to_owned()
    };
    let behind = "must be at most 3: the workflow is at version 5, its events are published up to version 3";
    assert_eq!(told(Some(version(3))), behind);
    assert!(told(None).contains("the workflow is at version 5, none of its events is published yet"));
}

#[test]
fn a_code_is_spelt_the_same_in_json_and_in_logs() {
    for code in ProblemCode::ALL {
        assert_eq!(json!(code), json!(code.as_str()));
    }
}

#[test]
fn what_passes_is_unavailable_and_what_does_not_is_a_bug() {
    let unavailable = || StoreError::Unavailable("secret".into());
    let refused = || StoreError::Refused("secret".into());
    let content = ChainHash::genesis();
    let unreadable =
        LogError::Unreadable { key: a_key("wf-1"), version: version(3), content, why: "secret".to_owned() };
    let newer = || StoreError::from(NewerFormat { item: "default#wf-1".to_owned(), format: 2 });
    let too_deep = JsonRefused::TooDeep { what: "metadata" };
    let broken = Break { at: version(3), fault: BreakKind::Missing };
    for (problem, code) in [
        (create_workflow::problems::problem(CreateWorkflowError::from(unavailable())), "storage-unavailable"),
        (create_workflow::problems::problem(CreateWorkflowError::from(refused())), "internal"),
        (create_workflow::problems::problem(CreateWorkflowError::Log(unreadable)), "workflow-quarantined"),
        (
            create_workflow::problems::problem(CreateWorkflowError::RulesUnavailable(RulesUnavailable("x".into()))),
            "rules-engine-unavailable",
        ),
        (
            create_workflow::problems::problem(CreateWorkflowError::Bug(Bug::VersionsExhausted(Version::LAST))),
            "internal",
        ),
        (ReadWorkflowError::Quarantined(Quarantined(broken.clone())).into(), "workflow-quarantined"),
        (ReadWorkflowError::Store(unavailable()).into(), "storage-unavailable"),
        (Problem::from(RequestStateTransitionError::Store(unavailable())), "storage-unavailable"),
        (
            recover_workflow::problems::problem(RecoverWorkflowError::from(StartRecoveryError::Contended)),
            "storage-unavailable",
        ),
        (
            recover_workflow::problems::problem(RecoverWorkflowError::from(StarterError::Unavailable("secret".into()))),
            "storage-unavailable",
        ),
        (StartRecoveryError::from(StarterError::Refused("secret".into())).into(), "internal"),
        (
            get_workflow_recovery::problems::problem(GetWorkflowRecoveryError::from(unavailable())),
            "storage-unavailable",
        ),
        (create_workflow::problems::problem(CreateWorkflowError::from(newer())), "written-by-newer-release"),
        (ReadWorkflowError::Store(newer()).into(), "written-by-newer-release"),
        (
            create_workflow::problems::problem(CreateWorkflowError::Quarantined(Quarantined(broken.clone()))),
            "workflow-quarantined",
        ),
        (
            release_workflow::problems::problem(ReleaseWorkflowError::NotQuarantined(a_break(3).id())),
            "workflow-not-quarantined",
        ),
        (
            release_workflow::problems::problem(ReleaseWorkflowError::Unreadable(Quarantined(broken))),
            "workflow-quarantined",
        ),
        (
            replay_events::problems::problem(ReplayEventsError::Interrupted {
                next: version(4),
                why: "secret".to_owned(),
            }),
            "storage-unavailable",
        ),
        (replay_events::problems::problem(ReplayEventsError::Store(refused())), "internal"),
        (too_deep.into(), "malformed-request"),
    ] {
        assert_eq!(problem.code(), code);
        let body = seen(problem).body.to_string();
        assert!(!body.contains("secret"), "{body}");
    }
}

/// A supervisor has just tried.
#[test]
fn a_release_without_a_version_to_go_on_from_is_not_told_that_a_supervisor_can_release_it() {
    let broken = Break { at: version(60), fault: BreakKind::Unreadable };
    let detail = release_workflow::problems::problem(ReleaseWorkflowError::Unreadable(Quarantined(broken))).detail();
    assert!(!detail.contains("supervisor") && detail.contains("newest 50 versions, from 60 down"), "{detail}");
}
