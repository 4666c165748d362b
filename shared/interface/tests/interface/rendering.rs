//! Answers that say yes: bodies without nulls, headers of every answer, pages that fit.

use ::get_workflow_history::cursor::HistoryCursors;
use ::get_workflow_history::response::{ANSWER_BYTES_MAX, HistoryPage};
use ::verify_workflow_history::cursor::VerificationCursors;
use ::verify_workflow_history::response::Verification;
use alims_domain::event::Workflow;
use alims_domain::hash_chain::{Break, BreakKind, Checked};
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{BreakFound, InForce, QuarantineEntry};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus};
use alims_domain::recovery::records::{KeptRecovery, RecoveryAttempt};
use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::testing::{GatewayEvent, REQUEST_ID, Seen};
use alims_edge::wire::HistoryEntry;
use alims_edge::wire::RecoveryReport;
use alims_operations::get_workflow_history::{self, HistoryItem, HistoryPosition, Include};
use alims_operations::get_workflow_recovery::{Progress, RecoveryStatus};
use alims_operations::get_workflow_state::WorkflowNow;
use alims_operations::ports::EndedHow;
use alims_operations::release_workflow::Released;
use alims_operations::replay_events::Replay;
use alims_operations::verify_workflow_history::{BrokenEntry, EntryFault, EntryName, KeptChecked, Reached};
use alims_operations::{Accepted, verify_workflow_history};
use alims_testing::builders::{
    a_break, a_claim, a_created, a_full_record, a_key, a_move, a_quarantine, a_release, at, version, with_metadata,
};
use release_workflow::response::ReleaseReport;
use replay_events::response::ReplayReport;
use serde_json::{Value, json};

fn seen(answer: Answer) -> Seen {
    let request = GatewayEvent::of(&create_workflow::ROUTE).incoming();
    Exchange::open(&create_workflow::ROUTE, &request).close(Ok(answer)).into()
}

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn a_created_workflow_is_shown_with_where_it_is_and_its_version() {
    let event = a_created("wf-1").event;
    let accepted = |repeated| Accepted { event: event.clone(), repeated };
    let first = seen(create_workflow::response::created(&accepted(false)).expect("an answer"));
    assert_eq!(first.status, 201);
    for (name, value) in [
        ("content-type", "application/json"),
        ("location", "/workflows/wf-1"),
        ("etag", "\"1\""),
        ("x-request-id", REQUEST_ID),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(first.headers.get(name).map(String::as_str), Some(value));
    }
    assert_eq!(
        first.body,
        json!({
            "workflow_id": "wf-1", "workflow_type": "sample-analysis", "current_state": "CREATED", "version": 1,
            "created_at": "2026-11-23T08:15:00.000Z", "updated_at": "2026-11-23T08:15:00.000Z",
            "created_by": "alice", "metadata": {"sample": "S-1"}, "allowed_transitions": ["ACTIVE"]
        })
    );
    let again = seen(create_workflow::response::created(&accepted(true)).expect("an answer"));
    assert_eq!((again.status, &again.body, &again.headers), (200, &first.body, &first.headers));
}

#[test]
fn a_move_is_shown_with_its_event() {
    let moved = a_move(&a_created("wf-1"), State::Active).event;
    let answer = seen(
        request_state_transition::response::moved(Accepted { event: moved.clone(), repeated: false })
            .expect("an answer"),
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.get("etag").map(String::as_str), Some("\"2\""));
    assert_eq!(answer.body["event"], json_of(&moved));
    assert_eq!(answer.body["workflow"]["previous_state"], "CREATED");
    assert_eq!(answer.body["workflow"]["allowed_transitions"], json!(["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]));
}

#[test]
fn a_page_of_large_versions_ends_early_and_the_next_goes_on_there() {
    let cursors = HistoryCursors::of(&a_key("wf-1"), Include::default());
    let large = json!({"x": "x".repeat(60_000)});
    let event = with_metadata(&a_created("wf-1"), &large).event;
    let items: Vec<HistoryItem> = (1..=100)
        .map(|number| {
            let mut event = event.clone();
            event.version = version(number);
            HistoryItem::Version(Box::new(event))
        })
        .collect();
    let end = HistoryPosition { version: Some(version(100)), ..HistoryPosition::default() };
    let page = get_workflow_history::HistoryPage { items: items.clone(), changes: Vec::new(), next: Some(end) };
    let shown = HistoryPage::new(page, HistoryPosition::default(), &cursors).expect("a page");
    let bytes = json_of(&shown).to_string().len();
    assert!((ANSWER_BYTES_MAX / 2..ANSWER_BYTES_MAX + 10_000).contains(&bytes), "{bytes}");
    let next = shown.next_cursor.and_then(|cursor| cursors.open(&cursor)).expect("a cursor of its own");
    let shown_items = u64::try_from(shown.items.len()).expect("few");
    assert_eq!(next, HistoryPosition { version: Some(version(shown_items)), ..HistoryPosition::default() });

    let items = items.into_iter().take(2).collect();
    let last = get_workflow_history::HistoryPage { items, changes: Vec::new(), next: None };
    let shown = HistoryPage::new(last, HistoryPosition::default(), &cursors).expect("a page");
    assert_eq!((shown.items.len(), shown.next_cursor), (2, None));
}

#[test]
fn a_check_says_what_it_found_and_claims_nothing_before_its_end() {
    let created = a_created("wf-1").event;
    let hash = created.hash.to_string();
    let cursors = VerificationCursors::of(&a_key("wf-1"));
    let found = |broken, next| verify_workflow_history::Verification {
        from: version(1),
        versions_checked: 1,
        head_hash: Some(created.hash.clone()),
        broken,
        published_hash: None,
        kept: None,
        broken_entries: Vec::new(),
        anchored: None,
        next,
    };
    let shown =
        |broken, next| json_of(Verification::new("wf-1".parse().expect("an id"), found(broken, next), &cursors));
    assert_eq!(
        shown(None, None),
        json!({"workflow_id": "wf-1", "complete": true, "valid": true, "from_version": 1, "versions_checked": 1,
               "head_hash": hash})
    );
    let broken = shown(Some(Break { at: version(2), fault: BreakKind::Unlinked }), None);
    assert_eq!((&broken["valid"], &broken["broken_at_version"]), (&json!(false), &json!(2)));
    assert_eq!((&broken["complete"], &broken["fault"]), (&json!(true), &json!("unlinked")));
    let reached = Reached::from(Checked::from(&created));
    let unfinished = shown(None, Some(reached.clone()));
    assert_eq!((&unfinished["complete"], unfinished.get("valid")), (&json!(false), None));
    assert_eq!(unfinished["next_cursor"].as_str().and_then(|cursor| cursors.open(cursor)), Some(reached));

    let kept = Some(KeptChecked { refusals: 3, quarantines: 2, recoveries: 1, overdue: 0 });
    let names = [
        EntryName::Refusal(created.event_id),
        EntryName::Quarantine(None),
        EntryName::Recovery(version(3), 2),
        EntryName::Overdue(at(0)),
    ];
    let fault = EntryFault::OtherVersion(version(3));
    let broken_entries = names.map(|name| BrokenEntry { name, fault: fault.clone() }).into();
    let found = verify_workflow_history::Verification { kept, broken_entries, ..found(None, None) };
    let shown = json_of(Verification::new("wf-1".parse().expect("an id"), found, &cursors));
    assert_eq!((&shown["complete"], &shown["valid"]), (&json!(true), &json!(false)));
    assert_eq!(shown["entries_checked"], json!({"refusals": 3, "quarantines": 2, "recoveries": 1, "overdue": 0}));
    let other = |kind: &str| json!({"kind": kind, "fault": "other-version", "version": 3});
    let mut expected = ["refusals", "quarantines", "recoveries", "overdue"].map(other);
    expected[0]["event_id"] = json!(created.event_id);
    expected[2]["attempt"] = json!(2);
    expected[3]["due_at"] = json!(at(0));
    assert_eq!(shown["broken_entries"], json!(expected));
}

#[test]
fn a_recovery_in_a_history_says_who_asked_how_it_ended_and_what_cannot_be_read() {
    let claim = a_claim(&a_key("wf-1"), 3, 2);
    let record = a_full_record(&claim);
    let shown = |claim, outcome| {
        json_of(HistoryEntry::from(HistoryItem::Recovery(Box::new(KeptRecovery {
            claim,
            outcome,
            ..KeptRecovery::named((version(3), 2))
        }))))
    };
    let whole = shown(Some(Ok(claim.clone())), Some(Ok(record.clone())));
    let who = (&whole["event_type"], &whole["requested_by"], &whole["reason"], &whole["status"]);
    assert_eq!(who, (&json!("RecoveryAttempt"), &json!("sue"), &json!("The instrument is back."), &json!("refused")));
    assert!(!whole.to_string().contains("It was down."), "{whole}");
    let hash = a_break(1).content;
    let lost = shown(Some(Ok(claim.clone())), Some(Err(hash.clone())));
    assert_eq!(lost["unreadable_outcome"], json!(hash));
    assert_eq!((&lost["status"], &lost["error"]), (&json!("gave-up"), &json!("OutcomeUnreadable")));
    let unclaimed = shown(Some(Err(hash.clone())), Some(Ok(record)));
    assert_eq!((&unclaimed["unreadable_request"], &unclaimed["status"]), (&json!(hash), &json!("refused")));
    assert_eq!(unclaimed.get("requested_by"), None);
    assert_eq!(shown(Some(Ok(claim)), None)["status"], "running");
}

fn recovery(progress: Progress) -> Value {
    json_of(get_workflow_recovery::response::report(
        "wf-1".parse().expect("an id"),
        RecoveryStatus { progress, quarantines: Vec::new() },
    ))
}

#[test]
fn a_recovery_that_is_under_way_says_who_asked_and_when() {
    let claim = a_claim(&a_key("wf-1"), 3, 2);
    let running = json!({
        "workflow_id": "wf-1", "status": "running", "recovery_id": claim.recovery_id, "version": 3, "attempt": 2,
        "trigger": "request", "requested_by": "sue", "reason": "The instrument is back.",
        "requested_at": at(2000), "delay_seconds": 5, "steps": []
    });
    assert_eq!(json_of(RecoveryReport::running(claim.clone())), running);
    assert_eq!(recovery(Progress::Running(Box::new(RecoveryAttempt { claim, ended: None }))), running);
    assert_eq!(recovery(Progress::None), json!({"workflow_id": "wf-1", "status": "none", "steps": []}));
}

#[test]
fn a_recovery_that_has_ended_says_how_and_tells_no_caller_of_causes() {
    let claim = a_claim(&a_key("wf-1"), 3, 1);
    let mut record = a_full_record(&claim);
    let ended =
        |record| recovery(Progress::Ended(Box::new(RecoveryAttempt { claim: claim.clone(), ended: Some(record) })));
    let shown = ended(record.clone());
    assert_eq!((&shown["status"], &shown["reasons"][0]["rule_id"]), (&json!("refused"), &json!("not-today")));
    assert_eq!((&shown["started_at"], &shown["ended_at"]), (&json!(at(10)), &json!(at(30))));
    assert_eq!(
        shown["steps"],
        json!([
            {"step": "assessed", "at": at(10)},
            {"step": "events-published", "at": at(20), "version": 3, "events": 2}
        ])
    );
    assert_eq!((&shown["error"], &shown["fault"]), (&json!("RulesUnavailable"), &json!("altered")));
    assert!(!shown.to_string().contains("It was down."), "{shown}");
    for (status, name) in [
        (OutcomeStatus::Recovered, "recovered"),
        (OutcomeStatus::AlreadyConsistent, "already-consistent"),
        (OutcomeStatus::Quarantined, "quarantined"),
        (OutcomeStatus::GaveUp, "gave-up"),
    ] {
        record.outcome = Outcome::of(status);
        assert_eq!(ended(record.clone())["status"], name);
    }
    let vanished = recovery(Progress::Vanished(Box::new(RecoveryAttempt { claim, ended: None }), EndedHow::TimedOut));
    assert_eq!((&vanished["status"], &vanished["error"]), (&json!("gave-up"), &json!("ExecutionTimedOut")));
}

#[test]
fn a_quarantine_is_told_of_where_the_workflow_is() {
    let key = a_key("wf-1");
    let QuarantineEntry::Quarantined(quarantine) = a_quarantine(&key, &a_break(3)) else { unreachable!() };
    let (recorded, unread) = (a_break(3), BreakFound { fault: BreakKind::UnreadableQuarantine, ..a_break(4) });
    let quarantines = || {
        let recorded = InForce { found: recorded.clone(), recorded: Some(quarantine.clone()) };
        vec![recorded, InForce { found: unread.clone(), recorded: None }]
    };
    let notices = json!([
        {"break_id": recorded.id(), "broken_at_version": 3, "fault": "altered", "content": recorded.content,
         "quarantined_at": at(0), "found_by": "recovery-step"},
        {"break_id": unread.id(), "broken_at_version": 4, "fault": "unreadable-quarantine", "content": unread.content},
    ]);
    let found = RecoveryStatus { progress: Progress::None, quarantines: quarantines() };
    assert_eq!(
        json_of(get_workflow_recovery::response::report("wf-1".parse().expect("an id"), found))["quarantines"],
        notices
    );
    let workflow = Workflow::from(&a_created("wf-1").event);
    let now = |passed_over, quarantines: Vec<InForce>| {
        let makes_no_transition = !quarantines.is_empty();
        WorkflowNow { workflow: workflow.clone(), passed_over, quarantines, makes_no_transition }
    };
    let locked =
        seen(get_workflow_state::response::state(now(Some(version(2)), quarantines())).expect("an answer")).body;
    assert_eq!((&locked["quarantines"], &locked["passed_over_version"]), (&notices, &json!(2)));
    let free = seen(get_workflow_state::response::state(now(None, Vec::new())).expect("an answer")).body;
    assert_eq!((free.get("quarantines"), free.get("passed_over_version")), (None, None));
    assert_eq!((&locked["allowed_transitions"], &free["allowed_transitions"]), (&json!([]), &json!(["ACTIVE"])));
}

#[test]
fn a_release_names_the_breaks_and_the_reason() {
    let QuarantineEntry::Released(release) = a_release(&a_key("wf-1"), &a_break(3)) else { unreachable!() };
    let left = vec![InForce { found: a_break(5), recorded: None }];
    let released = Released { head: version(4), releases: vec![release], left, repeated: false };
    assert_eq!(
        json_of(ReleaseReport::new("wf-1".parse().expect("an id"), released)),
        json!({
            "workflow_id": "wf-1", "version": 4, "repeated": false,
            "quarantines": [{"break_id": a_break(5).id(), "broken_at_version": 5, "fault": "altered",
                             "content": a_break(5).content}],
            "released": [{"break_id": a_break(3).id(), "broken_at_version": 3, "fault": "altered", "released_at": at(1000), "requested_by": "sue",
                          "reason": "The paper record was compared."}]
        })
    );
}

#[test]
fn a_replay_says_what_it_put_and_where_to_go_on() {
    let shown = |next| {
        let replay = Replay { from: version(2), to: version(4), events: 3, next };
        let report = ReplayReport::new("wf-1".parse().expect("an id"), replay);
        seen(Answer::ok(&report).expect("an answer").accepted())
    };
    let whole = shown(None);
    assert_eq!(whole.status, 202);
    let said = json!({"workflow_id": "wf-1", "from_version": 2, "to_version": 4, "events_published": 3});
    assert_eq!(whole.body, said);
    assert_eq!(shown(Some(version(5))).body["next_version"], 5);
}
