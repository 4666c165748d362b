//! Odd names of members: an engine elsewhere is asked about them as they are.

use alims_domain::json::ValidationContext;
use alims_rules::contract::{Asked, TransitionQuestion};
use alims_rules::{AlimsRules, RemoteRules};
use alims_testing::builders::metadata;
use alims_testing::fake_engine::{Deed, FakeEngine, a_yes};
use alims_testing::{SequentialIds, odd_documents};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::alims::folder;
use crate::alims_engine::AlimsEngine;
use crate::asking::{Asking, reach};

/// A question that holds an object wherever it can.
fn asking_about(object: &Map<String, Value>) -> Asking {
    let (shown, mut asking) = (metadata(&Value::Object(object.clone())), Asking::to_complete());
    asking.workflow.data.metadata = shown.clone();
    asking.transition.data.metadata = shown;
    asking.context = Some(ValidationContext::new(object.clone()).unwrap());
    asking
}

#[tokio::test]
async fn the_remote_engine_is_asked_about_odd_names_as_they_are() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let rules = RemoteRules::new(reach(&engine.url)).unwrap();
    let documents = odd_documents::some_free(300, 10);
    for document in &documents {
        asking_about(&document.object).judged_by(&rules).await.unwrap();
    }
    for (document, received) in documents.iter().zip(engine.received()) {
        let (question, shown) = (received.body, Some(&document.object));
        assert_eq!(question["workflow"]["metadata"].as_object(), shown, "{}", document.text);
        assert_eq!(question["transition"]["metadata"].as_object(), shown, "{}", document.text);
        assert_eq!(question["context"].as_object(), shown, "{}", document.text);
    }
}

#[test]
fn an_engine_that_keeps_the_contract_reads_odd_names_as_they_are() {
    for document in odd_documents::some_free(1000, 11) {
        let asking = asking_about(&document.object);
        let text = serde_json::to_string(&TransitionQuestion::from(&asking.question())).unwrap();
        let asked = Asked::try_from(serde_json::from_str::<TransitionQuestion>(&text).unwrap()).unwrap();
        let question = asked.question();
        assert_eq!(question.workflow.data.metadata.as_object(), &document.object, "{text}");
        assert_eq!(question.transition.data.metadata.as_object(), &document.object, "{text}");
        assert_eq!(question.context.map(ValidationContext::as_object), Some(&document.object), "{text}");
    }
}

#[test]
fn a_question_with_a_reserved_name_is_none() {
    let question = serde_json::to_value(TransitionQuestion::from(&Asking::to_complete().question())).unwrap();
    for place in ["/workflow/metadata", "/transition/metadata", "/context"] {
        for reserved in
            [json!({"$serde_json::private::RawValue": "1"}), json!({"a": {"$serde_json::private::RawValue": "1"}})]
        {
            let mut question = question.clone();
            *question.pointer_mut(place).unwrap() = reserved;
            let read = serde_json::from_str::<TransitionQuestion>(&question.to_string());
            assert!(read.is_err_and(|error| error.to_string().contains("reserved name")), "{place}");
        }
    }
}

/// The parts of an attribute's name, without the backslashes before their own dots and backslashes.
fn parts(name: &str) -> Vec<String> {
    let (mut parts, mut characters) = (vec![String::new()], name.chars());
    while let Some(character) = characters.next() {
        match character {
            '.' => parts.push(String::new()),
            '\\' => parts.last_mut().unwrap().extend(characters.next()),
            _ => parts.last_mut().unwrap().push(character),
        }
    }
    parts
}

/// The object that these attributes are the flat form of.
fn unflattened(attributes: &Map<String, Value>) -> Value {
    let mut whole = json!({});
    for (name, value) in attributes {
        let place = parts(name)
            .into_iter()
            .fold(&mut whole, |place, part| place.as_object_mut().unwrap().entry(part).or_insert_with(|| json!({})));
        *place = value.clone();
    }
    whole
}

#[tokio::test]
async fn the_fact_for_the_alims_engine_tells_odd_names_so_that_none_can_pass_for_another() {
    let engine = AlimsEngine::with(&[("R-1", "actor.id", "bob")]).await;
    let rules =
        AlimsRules::load(reach(&engine.url), folder("R-1", "refuse").path(), Arc::new(SequentialIds::default()));
    let (rules, documents) = (rules.unwrap(), odd_documents::some_free(200, 12));
    for document in &documents {
        asking_about(&document.object).judged_by(&rules).await.unwrap();
    }
    for (document, given) in documents.iter().zip(engine.given()) {
        let (told, shown) = (unflattened(given["attributes"].as_object().unwrap()), Some(&document.object));
        assert_eq!(told["workflow"]["metadata"].as_object(), shown, "{}", document.text);
        assert_eq!(told["transition"]["metadata"].as_object(), shown, "{}", document.text);
        assert_eq!(told["context"].as_object(), shown, "{}", document.text);
    }
}
