//! The schemas of the event details: current, true of every event, and of nothing else.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::labels::Labels;
use alims_domain::limits::{JSON_DEPTH_MAX, METADATA_BYTES_MAX, VALIDATION_CONTEXT_BYTES_MAX};
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{Quarantine, QuarantineEntry, Release};
use alims_domain::refusal::Refusal;
use alims_domain::schema::{self, Others};
use alims_testing::builders::{a_break, a_chain, a_key, a_quarantine, a_refusal, a_release, an_overdue, at};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A validator for each detail type, for what this release publishes.
static SCHEMAS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| validators(Others::Refused));

fn validators(others: Others) -> BTreeMap<&'static str, Validator> {
    let documents = schema::of_details(others).unwrap().into_iter();
    documents.map(|(name, text)| (name, validator(&serde_json::from_str(&text).unwrap()))).collect()
}

/// Members that need not be there.
const OPTIONAL: [&str; 17] = [
    "/reason",
    "/validation_context",
    "/correlation_id",
    "/replay",
    "/ruleset",
    "/ruleset_version",
    "/current_state",
    "/recovery_id",
    "/previous_state",
    "/labels",
    "/due_at",
    "/assignee",
    "/replaces",
    "/signatures",
    "/signature/comment",
    "/signature/authenticated/acr",
    "/signature/authenticated/amr",
];

/// Members that need not be there in a refused attempt.
const OPTIONAL_IN_REFUSALS: [&str; 9] = [
    "/version",
    "/head_hash",
    "/target_state",
    "/replaces",
    "/reasons",
    "/policies",
    "/further_not_kept",
    "/signature",
    "/signature/insufficient",
];

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// The detail types whose schema a detail fits.
fn fits(detail: &Value) -> BTreeSet<&'static str> {
    SCHEMAS.iter().filter(|(_, schema)| schema.is_valid(detail)).map(|(name, _)| *name).collect()
}

#[track_caller]
fn assert_fits(published: &BusEvent) {
    let detail: Value = serde_json::from_str(&published.detail).unwrap();
    let errors: Vec<String> = SCHEMAS[published.detail_type].iter_errors(&detail).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new(), "{detail}");
    assert_eq!(fits(&detail), BTreeSet::from([published.detail_type]), "{detail}");
}

#[track_caller]
fn assert_fits_nowhere(detail: &Value, mutation: &str) {
    assert_eq!(fits(detail), BTreeSet::new(), "{mutation}: {detail}");
}

#[test]
fn the_committed_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let committed = fs::read_dir(&folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    });
    let committed: BTreeMap<String, Value> = committed.collect();
    let current = schema::of_details(Others::Allowed).unwrap().into_iter();
    let current: BTreeMap<String, Value> =
        current.map(|(name, text)| (format!("{name}.json"), serde_json::from_str(&text).unwrap())).collect();
    assert!(committed == current, "schemas/ is stale: run `cargo xtask schemas` and commit what it writes");
}

#[test]
fn each_schema_stands_alone_and_defines_nothing_that_it_does_not_need() {
    for (name, text) in schema::of_details(Others::Allowed).unwrap() {
        let document: Value = serde_json::from_str(&text).unwrap();
        assert!(jsonschema::meta::is_valid(&document), "{name}");
        assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for definition in document["$defs"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("\"#/$defs/{definition}\"")), "{name}: nothing refers to {definition}");
        }
        assert!(!text.contains("#/components/"), "{name}");
    }
}

#[test]
fn a_subscriber_that_validates_accepts_a_member_that_a_later_release_adds() {
    let published = validators(Others::Allowed);
    for detail in whole_details() {
        let schema = &published[detail["event_type"].as_str().unwrap()];
        assert!(schema.is_valid(&detail), "{detail}");
        let objects = members(&detail, "").into_iter().filter(|pointer| detail.pointer(pointer).unwrap().is_object());
        for object in objects.chain([String::new()]) {
            let mut newer = detail.clone();
            newer.pointer_mut(&object).unwrap()["colour"] = json!("green");
            let errors: Vec<String> = schema.iter_errors(&newer).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{object}: {newer}");
        }
    }
}

#[test]
fn the_objects_of_a_laboratory_may_have_any_members_and_their_bounds_are_told() {
    let (_, text) = schema::of_details(Others::Allowed).unwrap().pop_first().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    for (name, bytes) in [("Metadata", METADATA_BYTES_MAX), ("ValidationContext", VALIDATION_CONTEXT_BYTES_MAX)] {
        let schema = &document["$defs"][name];
        assert_eq!(schema["additionalProperties"], true, "what is generated from {name} loses its members");
        let told = schema["description"].as_str().unwrap();
        assert!(told.contains(&format!(" {bytes} bytes ")), "{told}");
        assert!(told.contains(&format!(" {JSON_DEPTH_MAX} levels")), "{told}");
    }
}

#[test]
fn a_refused_attempt_fits_its_schema_with_every_member_and_with_the_fewest() {
    let whole = a_refusal(&a_key("w"));
    assert_fits(&BusEvent::of_refusal(&whole).unwrap());
    let least = Refusal {
        version: None,
        head_hash: None,
        current_state: None,
        target_state: None,
        replaces: None,
        reason: None,
        signature: None,
        reasons: Vec::new(),
        ruleset: None,
        ruleset_version: None,
        policies: Vec::new(),
        correlation_id: None,
        further_not_kept: None,
        ..whole
    };
    assert_fits(&BusEvent::of_refusal(&least).unwrap());
}

#[test]
fn quarantines_and_releases_fit_their_schemas_with_every_member_and_with_the_fewest() {
    let key = a_key("w");
    for whole in [a_quarantine(&key, &a_break(3)), a_release(&key, &a_break(3))] {
        assert_fits(&BusEvent::of_quarantine(&whole).unwrap());
        let least = match whole {
            QuarantineEntry::Quarantined(it) => {
                QuarantineEntry::Quarantined(Quarantine { recovery_id: None, version: None, head_hash: None, ..it })
            }
            QuarantineEntry::Released(it) => {
                QuarantineEntry::Released(Release { correlation_id: None, version: None, head_hash: None, ..it })
            }
        };
        assert_fits(&BusEvent::of_quarantine(&least).unwrap());
    }
}

#[test]
fn the_record_of_a_due_date_fits_its_schema_with_every_member_and_with_the_fewest() {
    let whole = an_overdue(&a_key("w"), at(1000));
    assert_fits(&BusEvent::of_overdue(&whole).unwrap());
    let least = Overdue { assignee: None, labels: Labels::default(), ..whole };
    assert_fits(&BusEvent::of_overdue(&least).unwrap());
}

proptest! {
    #![proptest_config(crate::cases(64))]

    #[test]
    fn every_event_is_what_the_schema_of_its_type_says_and_no_other(seed: u64) {
        for stored in a_chain(&a_key("w"), 12, seed) {
            assert_fits(&BusEvent::of_version(&stored.event).unwrap());
            assert_fits(&BusEvent::of_replayed_version(&stored.event).unwrap());
        }
    }
}

#[test]
fn a_detail_that_lacks_a_member_or_has_another_type_or_a_null_in_its_place_fits_no_schema() {
    for detail in whole_details() {
        assert_eq!(fits(&detail).len(), 1, "{detail}");
        for pointer in members(&detail, "") {
            let is_the_reason_of_a_release = detail["event_type"] == "WorkflowReleased" && pointer == "/reason";
            let is_of_a_break =
                ["WorkflowQuarantined", "WorkflowReleased"].contains(&detail["event_type"].as_str().unwrap());
            let is_a_remark = detail["event_type"] == "WorkflowAmended" && pointer == "/reason";
            let is_the_state_of_an_overdue =
                detail["event_type"] == "WorkflowOverdue" && ["/current_state", "/due_at"].contains(&&*pointer);
            let is_of_a_signature = detail["event_type"] == "WorkflowSigned" && pointer == "/signatures";
            let must_be_there =
                is_the_reason_of_a_release || is_a_remark || is_the_state_of_an_overdue || is_of_a_signature;
            let may_lack = (OPTIONAL.contains(&&*pointer) && !must_be_there)
                || (is_of_a_break && ["/version", "/head_hash"].contains(&&*pointer))
                || (is_refusal(&detail) && OPTIONAL_IN_REFUSALS.contains(&&*pointer));
            assert_eq!(fits(&without(&detail, &pointer)).len(), usize::from(may_lack), "without {pointer}: {detail}");
            let member = detail.pointer(&pointer).unwrap();
            for other in [Value::Null, json!(7.5), json!([[]]), json!({"x": []}), json!(true), json!("")] {
                if std::mem::discriminant(&other) != std::mem::discriminant(member) {
                    assert_fits_nowhere(&with(&detail, &pointer, other), &pointer);
                }
            }
        }
    }
}

#[test]
fn a_detail_that_says_what_no_event_can_say_fits_no_schema() {
    let wrong = [
        ("/to_state", json!("LOST")),
        ("/from_state", json!("LOST")),
        ("/current_state", json!("active")),
        ("/event_type", json!("WorkflowDeleted")),
        ("/version", json!(0)),
        ("/version", json!(-1)),
        ("/version", json!(1.5)),
        ("/event_id", json!("7")),
        ("/timestamp", json!("yesterday")),
        ("/created_at", json!("2026-13-01T00:00:00.000Z")),
        ("/hash", json!("0")),
        ("/previous_hash", json!("X".repeat(64))),
        ("/code", json!("because")),
        ("/replay", json!(false)),
        ("/colour", json!("green")),
        ("/rules/colour", json!("green")),
        ("/failure/colour", json!("green")),
    ];
    for detail in whole_details() {
        for (pointer, value) in &wrong {
            let there = match pointer.strip_suffix("/colour") {
                Some(parent) => detail.pointer(parent).is_some(),
                None => detail.pointer(pointer).is_some(),
            };
            if there {
                assert_fits_nowhere(&with(&detail, pointer, value.clone()), pointer);
            }
        }
    }
}

#[test]
fn a_failure_is_told_when_a_workflow_fails_and_only_then() {
    let failure = json!({"code": "oven.cold", "message": "The oven is cold.", "retryable": true});
    for detail in whole_details().iter().filter(|detail| !is_refusal(detail)) {
        if detail["to_state"] == "FAILED" {
            assert_fits_nowhere(&without(detail, "/failure"), "no failure");
        } else {
            assert_fits_nowhere(&with(detail, "/failure", failure.clone()), "a failure");
        }
    }
}

/// A detail of every type, a move to FAILED among them, each with all members that it may have.
fn whole_details() -> Vec<Value> {
    let chains = (0..40).flat_map(|seed| a_chain(&a_key("w"), 12, seed));
    let mut of_kind: BTreeMap<(&str, bool), WorkflowEvent> = BTreeMap::new();
    for event in chains.map(|stored| stored.event) {
        let whole = event.validation_context.is_some() && event.correlation_id.is_some() && event.reason.is_some();
        if whole || event.from_state.is_none() {
            of_kind.insert((event.event_type.as_str(), event.failure.is_some()), event);
        }
    }
    assert_eq!(of_kind.len(), 6, "created, changed, failed, recovered, amended, amended while failed");
    let versions = of_kind.into_values().map(|event| BusEvent::of_replayed_version(&event).unwrap());
    let refusal = BusEvent::of_refusal(&a_refusal(&a_key("w"))).unwrap();
    let entries = [a_quarantine(&a_key("w"), &a_break(3)), a_release(&a_key("w"), &a_break(3))];
    let overdue = BusEvent::of_overdue(&an_overdue(&a_key("w"), at(1000))).unwrap();
    let unordered = entries.map(|entry| BusEvent::of_quarantine(&entry).unwrap()).into_iter().chain([refusal, overdue]);
    versions.chain(unordered).map(|published| serde_json::from_str(&published.detail).unwrap()).collect()
}

fn is_refusal(detail: &Value) -> bool {
    detail["event_type"] == "WorkflowTransitionRefused"
}

/// Every member of an object and of the objects in it, as JSON pointers; what is the laboratory's own is left out.
fn members(value: &Value, at: &str) -> Vec<String> {
    if ["/metadata", "/validation_context", "/labels"].contains(&at) {
        return Vec::new();
    }
    let named = value.as_object().into_iter().flatten();
    let named = named.map(|(name, inner)| (format!("{at}/{name}"), inner));
    named.flat_map(|(pointer, inner)| [vec![pointer.clone()], members(inner, &pointer)].concat()).collect()
}

fn without(detail: &Value, pointer: &str) -> Value {
    let mut detail = detail.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    detail.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    detail
}

fn with(detail: &Value, pointer: &str, value: Value) -> Value {
    let mut detail = detail.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    detail.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
    detail
}
