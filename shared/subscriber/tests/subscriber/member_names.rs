//! Odd names of members: a subscriber gets an event's detail as the service has it.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::json::{Metadata, ValidationContext};
use alims_subscriber::{Event, SOURCE};
use alims_testing::builders::{a_created_of, sealed};
use alims_testing::odd_documents;
use serde_json::Value;

use crate::key;

#[test]
fn the_detail_of_an_event_with_odd_names_is_the_one_that_was_published() {
    for document in odd_documents::some_free(1000, 13) {
        let metadata = Metadata::new(document.object.clone()).unwrap();
        let validation_context = Some(ValidationContext::new(document.object.clone()).unwrap());
        let created = a_created_of(&key("default", "w")).event;
        let event = sealed(WorkflowEvent { metadata, validation_context, ..created }).event;
        let published = BusEvent::of_version(&event).unwrap();
        let (kind, detail) = (published.detail_type, published.detail);
        let envelope = format!(r#"{{"source":"{SOURCE}","detail-type":"{kind}","detail":{detail}}}"#);
        let received = Event::from_envelope(&envelope).unwrap();
        assert_eq!(received.detail, detail);
        let read: Value = serde_json::from_str(&received.detail).unwrap();
        assert_eq!(read["metadata"].as_object(), Some(&document.object), "{}", document.text);
        assert_eq!(read["validation_context"].as_object(), Some(&document.object), "{}", document.text);
        assert_eq!(serde_json::from_str::<WorkflowEvent>(&received.detail).unwrap(), event, "{}", document.text);
    }
}
