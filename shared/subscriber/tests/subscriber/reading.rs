//! Reading deliveries: what the service publishes is read, and nothing else is taken for it.

use alims_domain::bus_event::BusEvent;
use alims_subscriber::{DETAIL_BYTES_MAX, Event, EventType, SOURCE, Unreadable, WorkflowKey};
use alims_testing::builders::{a_break, a_chain, a_quarantine, a_refusal, a_release, an_overdue, at};
use serde_json::{Value, json};

use crate::key;

/// A detail with what sorts it, and something more.
fn detail() -> Value {
    json!({
        "event_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "tenant_id": "default",
        "workflow_id": "w",
        "event_type": "WorkflowStateChanged",
        "version": 2,
        "metadata": {"pressure": 1.50},
        "a_member_of_the_future": [],
    })
}

fn envelope(detail_type: &str, detail: &str) -> String {
    format!(r#"{{"id": "1", "source": "{SOURCE}", "detail-type": "{detail_type}", "detail": {detail}, "region": "x"}}"#)
}

#[test]
fn every_event_of_the_service_is_read_in_its_envelope_and_without() {
    let key = key("tenant-a", "w:1");
    let workflow = WorkflowKey { tenant_id: "tenant-a".to_owned(), workflow_id: "w:1".to_owned() };
    for stored in a_chain(&key, 20, 1) {
        for published in [BusEvent::of_version(&stored.event), BusEvent::of_replayed_version(&stored.event)] {
            let published = published.unwrap();
            let event = Event::from_detail(&published.detail).unwrap();
            assert_eq!(event.workflow, workflow);
            assert_eq!(event.event_id, published.event_id.to_string());
            assert_eq!(event.event_type.as_str(), published.detail_type);
            assert_eq!(event.version, published.version.map(u64::from));
            // To the last byte: a number is not what it was once it is rendered anew.
            assert_eq!(event.detail, published.detail);
            let in_envelope = Event::from_envelope(&envelope(published.detail_type, &published.detail)).unwrap();
            assert_eq!(in_envelope, event);
        }
    }
}

#[test]
fn a_refused_attempt_has_no_version_though_it_tells_the_one_it_met() {
    let refusal = a_refusal(&key("default", "w"));
    assert!(refusal.version.is_some());
    let event = Event::from_detail(&BusEvent::of_refusal(&refusal).unwrap().detail).unwrap();
    assert_eq!((event.event_type, event.version), (EventType::WorkflowTransitionRefused, None));
}

#[test]
fn a_quarantine_and_a_release_have_no_version_though_they_tell_where_the_history_is_broken() {
    let key = key("default", "w");
    for (entry, event_type) in [
        (a_quarantine(&key, &a_break(3)), EventType::WorkflowQuarantined),
        (a_release(&key, &a_break(3)), EventType::WorkflowReleased),
    ] {
        let published = BusEvent::of_quarantine(&entry).unwrap();
        let event = Event::from_envelope(&envelope(published.detail_type, &published.detail)).unwrap();
        assert_eq!((event.event_type, event.version), (event_type, None));
    }
}

#[test]
fn the_record_of_a_due_date_has_no_version_though_it_tells_the_one_it_met() {
    let published = BusEvent::of_overdue(&an_overdue(&key("default", "w"), at(0))).unwrap();
    let event = Event::from_envelope(&envelope(published.detail_type, &published.detail)).unwrap();
    assert_eq!((event.event_type, event.version), (EventType::WorkflowOverdue, None));
}

#[test]
fn an_event_of_another_source_or_kind_is_foreign() {
    let body = envelope("WorkflowStateChanged", &detail().to_string()).replace(SOURCE, "aws.ec2");
    assert!(matches!(Event::from_envelope(&body), Err(Unreadable::Foreign { what }) if what == "aws.ec2"));
    let mut other = detail();
    other["event_type"] = json!("x".repeat(1000));
    let foreign = Event::from_detail(&other.to_string());
    assert!(matches!(foreign, Err(Unreadable::Foreign { what }) if what == "x".repeat(64)));
}

#[test]
fn a_body_larger_than_any_event_is_not_read() {
    let mut large = detail();
    let room = DETAIL_BYTES_MAX - large.to_string().len() - r#","pad":"""#.len();
    large["pad"] = json!("x".repeat(room));
    assert!(Event::from_detail(&large.to_string()).is_ok());
    large["pad"] = json!("x".repeat(room + 1));
    let refused = Event::from_detail(&large.to_string());
    assert!(matches!(refused, Err(Unreadable::TooLarge { bytes }) if bytes == DETAIL_BYTES_MAX + 1));
    let refused = Event::from_envelope(&envelope("WorkflowStateChanged", &large.to_string()));
    assert!(matches!(refused, Err(Unreadable::TooLarge { .. })));
}

#[test]
fn a_body_unlike_an_event_is_malformed() {
    assert!(Event::from_detail(&detail().to_string()).is_ok());
    let malformed = |text: &str| {
        let read = Event::from_detail(text);
        assert!(matches!(&read, Err(Unreadable::Malformed(why)) if !why.to_string().is_empty()), "{text}: {read:?}");
    };
    for text in ["", "{", "null", "[]", "7", "\"WorkflowCreated\"", &format!("{} x", detail()), &"[".repeat(10_000)] {
        malformed(text);
    }
    for member in ["event_id", "tenant_id", "workflow_id", "event_type", "version"] {
        let mut without = detail();
        without.as_object_mut().unwrap().remove(member);
        malformed(&without.to_string());
        for wrong in [json!(null), json!([]), json!({}), json!(true), json!(1.5), json!(-1), json!("")] {
            // A text that is empty is no known type of event, and so a foreign one.
            if (member, &wrong) == ("event_type", &json!("")) {
                continue;
            }
            let mut mutated = detail();
            mutated[member] = wrong;
            malformed(&mutated.to_string());
        }
    }
    for version in [json!(0), json!(10_000_000_000_u64), json!("2"), json!(1e30)] {
        let mut mutated = detail();
        mutated["version"] = version;
        malformed(&mutated.to_string());
    }
    malformed(&detail().to_string().replacen('{', r#"{"version":3,"#, 1));
}

#[test]
fn an_envelope_that_contradicts_its_detail_is_malformed() {
    let detail = detail().to_string();
    assert!(Event::from_envelope(&envelope("WorkflowStateChanged", &detail)).is_ok());
    for body in [envelope("WorkflowCreated", &detail), detail, "{}".to_owned(), envelope("WorkflowCreated", "null")] {
        assert!(matches!(Event::from_envelope(&body), Err(Unreadable::Malformed(_))), "{body}");
    }
}
