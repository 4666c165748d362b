//! Answers that say yes: bodies without nulls, headers of every answer, pages that fit.

use alims_api::answer::Answer;
use alims_api::cursor::HistoryCursors;
use alims_api::exchange::Exchange;
use alims_api::operations::CREATE_WORKFLOW;
use alims_api::testing::{GatewayEvent, REQUEST_ID, Seen};
use alims_api::wire::{ANSWER_BYTES_MAX, HistoryPage, RecoveryReport, RecoveryStatus, ReplayReport, Verification};
use alims_core::chain::{Break, Fault};
use alims_core::lifecycle::State;
use alims_core::operations::get_workflow_history::{self, HistoryItem, HistoryPosition};
use alims_core::operations::recover_workflow::{Recovery, RecoveryOutcome, RecoveryStep};
use alims_core::operations::replay_events::Replay;
use alims_core::operations::{Accepted, RuleViolation, get_workflow_recovery, verify_workflow_history};
use alims_core::recovery::{PublishAfter, RecoveryPlan, Repairs};
use alims_testing::builders::{a_created, a_key, a_move, version, with_metadata};
use serde_json::{Value, json};

fn seen(answer: Answer) -> Seen {
    let request = GatewayEvent::of(&CREATE_WORKFLOW).request();
    Exchange::open(&CREATE_WORKFLOW, &request).close(Ok(answer)).into()
}

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn a_created_workflow_is_shown_with_where_it_is_and_its_version() {
    let event = a_created("wf-1").event;
    let accepted = |repeated| Accepted { event: event.clone(), repeated };
    let first = seen(Answer::created(&accepted(false)).expect("an answer"));
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
    let again = seen(Answer::created(&accepted(true)).expect("an answer"));
    assert_eq!((again.status, &again.body, &again.headers), (200, &first.body, &first.headers));
}

#[test]
fn a_move_is_shown_with_its_event() {
    let moved = a_move(&a_created("wf-1"), State::Active).event;
    let answer = seen(Answer::moved(Accepted { event: moved.clone(), repeated: false }).expect("an answer"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.get("etag").map(String::as_str), Some("\"2\""));
    assert_eq!(answer.body["event"], json_of(&moved));
    assert_eq!(answer.body["workflow"]["previous_state"], "CREATED");
    assert_eq!(answer.body["workflow"]["allowed_transitions"], json!(["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]));
}

#[test]
fn a_page_of_large_versions_ends_early_and_the_next_goes_on_there() {
    let cursors = HistoryCursors::of(&a_key("wf-1"), true);
    let large = json!({"x": "x".repeat(60_000)});
    let event = with_metadata(&a_created("wf-1"), &large).event;
    let items: Vec<HistoryItem> = (1..=100)
        .map(|number| {
            let mut event = event.clone();
            event.version = version(number);
            HistoryItem::Version(Box::new(event))
        })
        .collect();
    let end = HistoryPosition { version: Some(version(100)), refusal: None };
    let page = get_workflow_history::HistoryPage { items: items.clone(), next: Some(end) };
    let shown = HistoryPage::new(page, HistoryPosition::default(), &cursors).expect("a page");
    let bytes = json_of(&shown).to_string().len();
    assert!((ANSWER_BYTES_MAX / 2..ANSWER_BYTES_MAX + 10_000).contains(&bytes), "{bytes}");
    let next = shown.next_cursor.and_then(|cursor| cursors.open(&cursor)).expect("a cursor of its own");
    let shown_items = u64::try_from(shown.items.len()).expect("few");
    assert_eq!(next, HistoryPosition { version: Some(version(shown_items)), refusal: None });

    let last = get_workflow_history::HistoryPage { items: items.into_iter().take(2).collect(), next: None };
    let shown = HistoryPage::new(last, HistoryPosition::default(), &cursors).expect("a page");
    assert_eq!((shown.items.len(), shown.next_cursor), (2, None));
}

#[test]
fn a_check_says_what_it_found() {
    let hash = a_created("wf-1").event.hash;
    let found =
        |broken| verify_workflow_history::Verification { versions_checked: 1, head_hash: Some(hash.clone()), broken };
    let shown = |broken| json_of(Verification::new("wf-1".parse().expect("an id"), found(broken)));
    assert_eq!(
        shown(None),
        json!({"workflow_id": "wf-1", "valid": true, "versions_checked": 1, "head_hash": hash.to_string()})
    );
    let broken = shown(Some(Break { at: version(2), fault: Fault::Unlinked }));
    assert_eq!((&broken["valid"], &broken["broken_at_version"]), (&json!(false), &json!(2)));
    assert_eq!(broken["fault"], "unlinked");
}

#[test]
fn a_recovery_says_what_it_did() {
    let shown =
        |outcome, steps| json_of(RecoveryReport::new("wf-1".parse().expect("an id"), Recovery { outcome, steps }));
    let steps =
        vec![RecoveryStep::EventsPublished(2), RecoveryStep::IndexRebuilt, RecoveryStep::Reactivated(version(4))];
    assert_eq!(
        shown(RecoveryOutcome::Recovered, steps),
        json!({"workflow_id": "wf-1", "outcome": "recovered", "steps": [
            {"step": "events-published", "events": 2}, {"step": "index-rebuilt"}, {"step": "reactivated", "version": 4}
        ]})
    );
    let violation = RuleViolation { reasons: Vec::new(), ruleset: "lab".into(), ruleset_version: "1".into() };
    assert_eq!(shown(RecoveryOutcome::Refused(violation), Vec::new())["outcome"], "refused");
    let broken = Break { at: version(3), fault: Fault::Missing };
    let quarantined = shown(RecoveryOutcome::Quarantined(broken), Vec::new());
    assert_eq!((&quarantined["outcome"], &quarantined["broken_at_version"]), (&json!("quarantined"), &json!(3)));
    assert_eq!(shown(RecoveryOutcome::AlreadyConsistent, Vec::new())["outcome"], "already-consistent");
}

#[test]
fn the_status_of_a_recovery_follows_from_its_plan() {
    let made = || Some(Box::new(a_created("wf-1").event));
    let shown = |plan, recovered_by| {
        let found = get_workflow_recovery::RecoveryStatus { plan, recovered_by };
        json_of(RecoveryStatus::new("wf-1".parse().expect("an id"), found))
    };
    let repairs = Repairs { rebuild_index: true, publish: Some(PublishAfter(None)), reactivate: true };
    let needed = shown(RecoveryPlan::Repair(repairs), None);
    assert_eq!(needed["status"], "needed");
    assert_eq!(needed["repairs"], json!(["publish-events", "rebuild-index", "reactivate"]));
    assert_eq!(shown(RecoveryPlan::AlreadyConsistent, None)["status"], "already-consistent");
    let recovered = shown(RecoveryPlan::AlreadyConsistent, made());
    assert_eq!((&recovered["status"], &recovered["recovery"]["version"]), (&json!("recovered"), &json!(1)));
    let quarantined = shown(RecoveryPlan::Quarantine(Break { at: version(1), fault: Fault::Foreign }), made());
    assert_eq!((&quarantined["status"], &quarantined["fault"]), (&json!("quarantined"), &json!("foreign")));
}

#[test]
fn a_replay_says_what_it_put_and_where_to_go_on() {
    let shown = |next| {
        let replay = Replay { from: version(2), to: version(4), events: 3, next };
        seen(Answer::replay(&ReplayReport::new("wf-1".parse().expect("an id"), replay)).expect("an answer"))
    };
    let whole = shown(None);
    assert_eq!(whole.status, 202);
    let said = json!({"workflow_id": "wf-1", "from_version": 2, "to_version": 4, "events_published": 3});
    assert_eq!(whole.body, said);
    assert_eq!(shown(Some(version(5))).body["next_version"], 5);
}
