//! Odd names of members in the bodies of requests: each operation that takes a body reads them as they are, or refuses
//! them where they are.

use alims_domain::json::{JsonRefused, Metadata};
use alims_domain::limits::JSON_DEPTH_MAX;
use alims_edge::problem::{Problem, RequestFault};
use alims_edge::reader::incoming::Incoming;
use alims_edge::route::Route;
use alims_edge::testing::GatewayEvent;
use alims_testing::builders::a_break;
use alims_testing::odd_documents::{self, OddDocument};
use serde_json::json;

fn with_body(operation: &'static Route, body: String) -> Incoming {
    GatewayEvent::of(operation).header("content-type", "application/json").body(body).incoming()
}

fn pointers<T: std::fmt::Debug>(read: Result<T, Problem>) -> Vec<String> {
    match read {
        Err(Problem::MalformedRequest(faults)) => faults.into_iter().filter_map(|fault| fault.pointer).collect(),
        other @ (Ok(_) | Err(_)) => panic!("{other:?}"),
    }
}

#[test]
fn every_reader_of_a_body_refuses_reserved_names_where_they_are() {
    // One level is taken by the failure.
    for document in odd_documents::some(1500, 7).into_iter().filter(|document| document.levels() < JSON_DEPTH_MAX) {
        let text = &document.text;
        let below = |member: &str| document.reserved_below(member);
        let unknown = |known: &str| format!("{{{known},\"more\":{text}}}");
        // A member that the operation does not know is refused as well, after what is wrong within it.
        let with_unknown = [below("/more"), vec!["/more".to_owned()]].concat();
        let recover = unknown(r#""reason":"x""#);
        let release = unknown(&format!(r#""breaks":["{}"],"reason":"x""#, a_break(1).id().as_str()));
        let (replay, create) = (unknown(r#""from_version":1"#), unknown(r#""workflow_type":"a""#));
        assert_eq!(
            pointers(recover_workflow::request::read(&with_body(&recover_workflow::ROUTE, recover))),
            with_unknown
        );
        assert_eq!(
            pointers(release_workflow::request::read(&with_body(&release_workflow::ROUTE, release))),
            with_unknown
        );
        assert_eq!(pointers(replay_events::request::read(&with_body(&replay_events::ROUTE, replay))), with_unknown);
        assert_eq!(pointers(create_workflow::request::read(&with_body(&create_workflow::ROUTE, create))), with_unknown);
        let failed = format!(
            r#"{{"target_state":"FAILED","reason":"x","failure":{{"code":"a","message":"b","retryable":true,"more":{text}}}}}"#
        );
        let read = request_state_transition::request::read(&with_body(&request_state_transition::ROUTE, failed));
        let expected = [below("/failure/more"), vec!["/failure/more".to_owned()]].concat();
        assert_eq!(pointers(read), expected, "{text}");
    }
}

#[test]
fn free_names_are_read_as_they_are() {
    for document in odd_documents::some_free(1500, 8) {
        let OddDocument { text, object, .. } = &document;
        let body = format!(r#"{{"workflow_type":"a","metadata":{text}}}"#);
        let (_, new) =
            create_workflow::request::read(&with_body(&create_workflow::ROUTE, body)).expect("a sound request");
        assert_eq!(new.data.metadata.as_object(), object, "{text}");
        let body = format!(r#"{{"target_state":"ACTIVE","reason":"x","metadata":{text},"validation_context":{text}}}"#);
        let read = request_state_transition::request::read(&with_body(&request_state_transition::ROUTE, body));
        let asked = read.expect("a sound request").request;
        assert_eq!(asked.metadata.as_ref(), Some(object), "{text}");
        assert_eq!(
            asked.validation_context.map(|context| context.as_object().clone()).as_ref(),
            Some(object),
            "{text}"
        );
    }
}

#[test]
fn a_reserved_name_is_told_with_the_prefix_to_avoid() {
    let body = r#"{"workflow_type":"a","metadata":{"a":[{"$serde_json::private::Number":"1"}]}}"#;
    let told = match create_workflow::request::read(&with_body(&create_workflow::ROUTE, body.to_owned())) {
        Err(Problem::MalformedRequest(faults)) => faults,
        other @ (Ok(_) | Err(_)) => panic!("{other:?}"),
    };
    let message = "has a reserved name; use one that does not begin with $serde_json::private::".to_owned();
    let pointer = Some("/metadata/a/0/$serde_json::private::Number".to_owned());
    assert_eq!(told, [RequestFault { pointer, message }]);
}

#[test]
fn a_reserved_name_that_only_the_domain_notices_is_refused_where_it_is() {
    let object = json!({"a/b": [1, {"$serde_json::private::RawValue": null}]}).as_object().cloned().unwrap_or_default();
    let refused = Metadata::new(object).expect_err("a reserved name");
    assert!(matches!(refused, JsonRefused::ReservedName { .. }), "{refused:?}");
    let expected = ["/metadata/a~1b/1/$serde_json::private::RawValue"];
    assert_eq!(pointers(Err::<(), _>(Problem::from(refused))), expected);
}
