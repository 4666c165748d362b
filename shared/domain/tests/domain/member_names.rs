//! Odd names of members, through everything that the domain does with a caller's JSON.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::is_intact;
use alims_domain::hashing::canonical_json;
use alims_domain::json::{JsonRefused, Metadata, ValidationContext};
use alims_domain::member_names::ObjectAsWritten;
use alims_testing::builders::{a_created, sealed};
use alims_testing::odd_documents::{self, OddDocument};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

fn place_of<T: Debug>(outcome: Result<T, JsonRefused>) -> String {
    match outcome {
        Err(JsonRefused::ReservedName { pointer, .. }) => pointer.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Through text and through a value, as adapters and functions hand it over.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    assert_eq!(&serde_json::from_value::<T>(serde_json::to_value(value).unwrap()).unwrap(), value, "{text}");
    let canonical = canonical_json(value).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(canonical.as_bytes()).unwrap(),
        serde_json::to_value(value).unwrap(),
        "{text}"
    );
}

/// An event that holds the document wherever it can.
fn an_event_of(document: &OddDocument) -> WorkflowEvent {
    let metadata = Metadata::new(document.object.clone()).unwrap();
    let validation_context = Some(ValidationContext::new(document.object.clone()).unwrap());
    sealed(WorkflowEvent { metadata, validation_context, ..a_created("wf-1").event }).event
}

#[test]
fn free_names_come_back_from_metadata_contexts_events_and_the_bus() {
    for document in odd_documents::some_free(1000, 3) {
        let event = an_event_of(&document);
        assert_eq!(event.metadata.as_object(), &document.object);
        comes_back(&event.metadata);
        comes_back(&event);
        assert!(is_intact(&event), "{}", document.text);
        for bus in [BusEvent::of_version(&event).unwrap(), BusEvent::of_replayed_version(&event).unwrap()] {
            let mut detail: Value = serde_json::from_str(&bus.detail).unwrap();
            detail.as_object_mut().unwrap().remove("replay");
            assert_eq!(detail, serde_json::to_value(&event).unwrap());
        }
    }
}

#[test]
fn metadata_and_contexts_refuse_reserved_names_however_they_are_made() {
    for document in odd_documents::all().into_iter().filter(|document| !document.is_free()) {
        let (text, reserved) = (&document.text, document.reserved_below(""));
        let object = || document.object.clone();
        for place in [place_of(Metadata::new(object())), place_of(ValidationContext::new(object()))] {
            assert!(reserved.contains(&place), "{place} in {text}");
        }
        assert!(serde_json::from_str::<Metadata>(text).unwrap_err().to_string().contains("reserved name"), "{text}");
        assert!(serde_json::from_str::<ValidationContext>(text).is_err(), "{text}");
        assert!(serde_json::from_value::<Metadata>(Value::Object(object())).is_err(), "{text}");
    }
}

#[test]
fn the_reader_of_the_domain_gives_no_name_a_meaning() {
    for document in odd_documents::all() {
        let read: ObjectAsWritten = serde_json::from_str(&document.text).unwrap();
        assert_eq!(read.0, document.object, "{}", document.text);
        let read: ObjectAsWritten = serde_json::from_value(Value::Object(document.object.clone())).unwrap();
        assert_eq!(read.0, document.object, "{}", document.text);
    }
    for no_object in ["[]", "1", "null", r#""a""#] {
        assert!(serde_json::from_str::<ObjectAsWritten>(no_object).is_err(), "{no_object}");
    }
    let numbers = r#"{"a":[0,-1,18446744073709551615,0.1,1e300,-0.0]}"#;
    let read: ObjectAsWritten = serde_json::from_str(numbers).unwrap();
    assert_eq!(Value::Object(read.0), serde_json::from_str::<Value>(numbers).unwrap());
}

#[test]
fn a_patch_never_makes_a_reserved_name_and_may_remove_one_that_is_not_there() {
    let before = Metadata::new(json!({"a": {"b": 1}}).as_object().unwrap().clone()).unwrap();
    for document in odd_documents::all() {
        let expected = document.patched_onto(before.as_object());
        assert_eq!(before.patched(&document.object), Metadata::new(expected), "{}", document.text);
    }
    let removing = json!({"$serde_json::private::RawValue": null, "a": {"$serde_json::private::Number": null}});
    assert_eq!(before.patched(removing.as_object().unwrap()), Ok(before.clone()));
    let adding = json!({"a": {"x": [{"$serde_json::private::Number": null}]}});
    assert_eq!(place_of(before.patched(adding.as_object().unwrap())), "/a/x/0/$serde_json::private::Number");
}
