//! Reading requests: what is refused and with which words, and that nothing makes a reader panic or lose data.

use alims_domain::hashing::canonical_json;
use alims_domain::lifecycle::State;
use alims_edge::problem::{Problem, RequestFault};
use alims_edge::reader::body::BODY_BYTES_MAX;
use alims_edge::reader::faults::FAULTS_MAX;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::named_workflow;
use alims_edge::route::Route;
use alims_edge::testing::{GatewayEvent, REQUEST_ID};
use alims_interface::ROUTES;
use alims_testing::builders::{a_break, version};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn create(body: impl Into<Vec<u8>>) -> GatewayEvent {
    GatewayEvent::of(&create_workflow::ROUTE).body(body)
}

fn transition(body: &Value) -> GatewayEvent {
    GatewayEvent::of(&request_state_transition::ROUTE).json(body)
}

pub(crate) fn faults<T: std::fmt::Debug>(read: Result<T, Problem>) -> Vec<RequestFault> {
    match read {
        Err(Problem::MalformedRequest(faults)) => faults,
        other @ (Ok(_) | Err(_)) => panic!("{other:?}"),
    }
}

pub(crate) fn pointers<T: std::fmt::Debug>(read: Result<T, Problem>) -> Vec<String> {
    faults(read).into_iter().filter_map(|fault| fault.pointer).collect()
}

pub(crate) fn messages<T: std::fmt::Debug>(read: Result<T, Problem>) -> Vec<String> {
    faults(read).into_iter().filter(|fault| fault.pointer.is_none()).map(|fault| fault.message).collect()
}

#[test]
fn a_whole_creation_is_read() {
    let body = json!({"workflow_type": "sample-analysis", "workflow_id": "wf-7", "metadata": {"n": 1.50}});
    let event = GatewayEvent::of(&create_workflow::ROUTE).json(&body).header("idempotency-key", "k-1");
    let (call, new) = create_workflow::request::read(&event.incoming()).expect("a sound request");
    assert_eq!(call.principal.id.as_str(), "alice");
    assert_eq!(call.principal.tenant_id.as_str(), "lab");
    assert_eq!(call.principal.roles.iter().collect::<Vec<_>>(), ["analyst"]);
    assert_eq!(call.request_id, REQUEST_ID);
    assert_eq!(call.correlation_id.map(String::from), Some(REQUEST_ID.to_owned()));
    assert_eq!(call.idempotency_key.map(String::from), Some("k-1".to_owned()));
    assert_eq!(new.workflow_type.as_str(), "sample-analysis");
    assert_eq!(new.workflow_id.map(String::from), Some("wf-7".to_owned()));
    assert_eq!(new.data.metadata.as_object().get("n"), Some(&json!(1.5)));
}

#[test]
fn everything_wrong_with_a_request_is_told_at_once() {
    let event = GatewayEvent::of(&request_state_transition::ROUTE)
        .workflow("a/b")
        .query("dry_run=perhaps&dryrun=true")
        .header("if-match", "7")
        .header("idempotency-key", "ä")
        .body(
            r#"{"target_state": "active", "reason": " ", "reason": "x", "expected_version": 0, "why": 1,
                  "metadata": {"a/b": 1e999}, "failure": {"code": "", "message": 7}}"#,
        );
    let faults = faults(request_state_transition::request::read(&event.incoming()));
    let mut places: Vec<&str> = faults.iter().filter_map(|fault| fault.pointer.as_deref()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/expected_version",
            "/failure/code",
            "/failure/message",
            "/failure/retryable",
            "/metadata/a~1b",
            "/reason",
            "/target_state",
            "/why"
        ]
    );
    for part in ["workflow_id in the path", "query parameter dry_run ", "query parameter dryrun ", "header if-match"] {
        assert!(faults.iter().any(|fault| fault.message.contains(part)), "{part}: {faults:?}");
    }
    assert!(faults.iter().any(|fault| fault.message.contains("header Idempotency-Key")), "{faults:?}");
}

#[test]
fn a_body_that_is_no_json_object_is_refused_with_the_reason() {
    let told = |body: &[u8]| faults(create_workflow::request::read(&create(body).incoming())).remove(0);
    for (body, part) in [
        (&b""[..], "is empty"),
        (b" \n", "is empty"),
        (b"{", "is not JSON: EOF while parsing an object at line 1 column 1"),
        (b"{\"workflow_type\": \"a\",}", "line 1 column 23"),
        (b"[]", "must be an object"),
        (b"null", "must be an object"),
        (b"\xff", "must be UTF-8; the first invalid byte is byte 0"),
        (b"{} {}", "trailing characters at line 1 column 4"),
        (b"\xef\xbb\xbf{\"workflow_type\": \"a\"}", "begins with a byte order mark (BOM)"),
        (b"\xff\xfe{\0}\0", "is UTF-16"),
        (b"\xfe\xff\0{\0}", "is UTF-16"),
        (b"\x1f\x8b\x08\0", "is compressed with gzip"),
    ] {
        let fault = told(body);
        assert_eq!(fault.pointer.as_deref(), Some(""), "{fault:?}");
        assert!(fault.message.contains(part), "{fault:?}");
    }
}

#[test]
fn what_is_too_large_is_told_with_its_limit() {
    fn limit<T: std::fmt::Debug>(read: Result<T, Problem>) -> (&'static str, usize) {
        match read {
            Err(Problem::PayloadTooLarge { what, limit_bytes, .. }) => (what, limit_bytes),
            other @ (Ok(_) | Err(_)) => panic!("{other:?}"),
        }
    }
    let large = "x".repeat(65 * 1024);
    let ten_megabytes = vec![b'{'; 10 * 1024 * 1024];
    assert_eq!(limit(create_workflow::request::read(&create(ten_megabytes).incoming())), ("body", BODY_BYTES_MAX));
    let body = json!({"workflow_type": "a", "metadata": {"x": large}}).to_string();
    assert_eq!(limit(create_workflow::request::read(&create(body).incoming())), ("metadata", 65_536));

    let moved = |body: Value| request_state_transition::request::read(&transition(&body).incoming());
    let context = json!({"target_state": "ACTIVE", "reason": "x", "validation_context": {"x": "x".repeat(16_384)}});
    assert_eq!(limit(moved(context)), ("validation_context", 16_384));
    let patch = json!({"target_state": "ACTIVE", "reason": "x", "metadata": {"x": large}});
    assert_eq!(limit(moved(patch)), ("metadata", 65_536));
    // Together with other faults it is one of them.
    let both = json!({"target_state": "ACTIVE", "metadata": {"x": large}});
    assert_eq!(pointers(moved(both)), ["/reason", "/metadata"]);
}

#[test]
fn a_failure_belongs_to_the_state_failed() {
    let failure = json!({"code": "oven.cold", "message": "The oven is cold.", "retryable": true});
    let read = |body: Value| request_state_transition::request::read(&transition(&body).incoming());
    let told = |body: Value| pointers(read(body));
    assert_eq!(told(json!({"target_state": "FAILED", "reason": "x"})), ["/failure"]);
    assert_eq!(told(json!({"target_state": "PAUSED", "reason": "x", "failure": failure})), ["/failure"]);
    assert_eq!(told(json!({"target_state": "LOST", "reason": "x", "failure": failure})), ["/target_state"]);
    let read = read(json!({"target_state": "FAILED", "reason": "x", "failure": failure})).expect("a sound request");
    assert_eq!(read.request.failure.map(|failure| failure.retryable), Some(true));
}

#[test]
fn a_version_may_be_named_twice_but_not_differently() {
    let read = |tag: &str, body: Value| {
        request_state_transition::request::read(&transition(&body).header("if-match", tag).incoming())
    };
    let body = |version: u64| json!({"target_state": "ACTIVE", "reason": "x", "expected_version": version});
    assert_eq!(pointers(read("\"7\"", body(8))), ["/expected_version"]);
    assert_eq!(pointers(read("\"6\", \"7\"", body(8))), ["/expected_version"]);
    let bare = json!({"target_state": "ACTIVE", "reason": "x"});
    for (tag, body, versions) in [
        ("\"7\"", body(7), &[7][..]),
        ("\"7\"", bare.clone(), &[7]),
        ("\"6\", \"7\"", body(7), &[7]),
        ("\"6\", \"7\"", bare.clone(), &[6, 7]),
        // A weak tag matches nothing, whatever the body says: a failed precondition, not a malformed request.
        ("W/\"7\"", body(7), &[]),
    ] {
        let read = read(tag, body).expect("a sound request");
        let expected = versions.iter().map(|number| version(*number)).collect();
        assert_eq!((read.if_match, read.request.expected_versions), (true, Some(expected)), "{tag}");
    }
    let exists = read("*", body(7)).expect("a sound request");
    assert_eq!((exists.if_match, exists.request.expected_versions), (false, Some(version(7).into())));
    assert_eq!(read("*", bare).expect("a sound request").request.expected_versions, None);
    let field = transition(&body(7)).query("dry_run=true").incoming();
    let field = request_state_transition::request::read(&field).expect("a sound request");
    assert!(!field.if_match && field.dry_run && field.request.target_state == State::Active);
}

#[test]
fn an_id_in_the_path_is_taken_as_the_gateway_decoded_it() {
    let read = |id: &str| named_workflow(&GatewayEvent::of(&get_workflow_state::ROUTE).workflow(id).incoming());
    assert_eq!(read("lab:wf-1").map(|(_, id)| id.to_string()).expect("a sound id"), "lab:wf-1");
    for id in ["lab%3Awf-1", "im%2D1", "a/b", "a\0b", "a\nb", "\u{fffd}", "a b", ".", "..", "%2e", &"x".repeat(129)] {
        let told = messages(read(id));
        assert!(matches!(told.as_slice(), [message] if message.contains("workflow_id in the path")), "{id}: {told:?}");
    }
}

#[test]
fn a_recovery_needs_no_body_but_takes_a_reason() {
    let read = |event: GatewayEvent| recover_workflow::request::read(&event.incoming()).map(|(_, _, reason)| reason);
    let event = GatewayEvent::of(&recover_workflow::ROUTE);
    assert_eq!(read(event.clone()).expect("sound"), None);
    assert_eq!(read(event.clone().body("{}")).expect("sound"), None);
    let told = read(event.clone().json(&json!({"reason": "repaired"}))).expect("sound");
    assert_eq!(told.map(String::from), Some("repaired".to_owned()));
    assert_eq!(pointers(read(event.json(&json!({"reason": null, "force": true})))), ["/reason", "/force"]);
}

#[test]
fn a_release_needs_breaks_and_a_reason_and_nothing_else() {
    let read = |body: Value| {
        release_workflow::request::read(&GatewayEvent::of(&release_workflow::ROUTE).json(&body).incoming())
    };
    let named = |number: u64| a_break(number).id();
    let (_, _, release) =
        read(json!({"breaks": [named(3), named(2)], "reason": "compared with the paper record"})).expect("sound");
    assert_eq!(release.reason.as_str(), "compared with the paper record");
    assert_eq!(release.breaks, [named(2), named(3)].into());
    for reason in [json!(""), json!(" \n"), json!("x".repeat(1001)), json!(7), json!(null)] {
        assert_eq!(pointers(read(json!({"breaks": [named(2)], "reason": reason}))), ["/reason"]);
    }
    assert_eq!(pointers(read(json!({}))), ["/breaks", "/reason"]);
    let many: Vec<_> = (1..=101).map(named).collect();
    for breaks in [json!([]), json!({}), json!("x"), json!(null), json!(many), json!([named(2), named(2)])] {
        assert_eq!(pointers(read(json!({"breaks": breaks, "reason": "x"}))), ["/breaks"], "{breaks}");
    }
    for odd in [json!(3), json!(""), json!("0000000002"), json!(named(2).as_str().to_uppercase()), json!([named(2)])] {
        let breaks = json!([named(1), odd]);
        assert_eq!(pointers(read(json!({"breaks": breaks, "reason": "x"}))), ["/breaks/1"], "{breaks}");
    }
    let more = json!({"breaks": [named(2)], "reason": 7, "broken_at_version": 3});
    assert_eq!(pointers(read(more)), ["/reason", "/broken_at_version"]);
    let bare = faults(release_workflow::request::read(&GatewayEvent::of(&release_workflow::ROUTE).incoming()));
    assert_eq!(bare[0].pointer.as_deref(), Some(""));
    let huge = "x".repeat(BODY_BYTES_MAX);
    assert!(matches!(read(json!({"reason": huge})), Err(Problem::PayloadTooLarge { .. })));
}

#[test]
fn a_batch_says_which_items_are_too_large() {
    let item = |id: &str, size: usize| json!({"workflow_id": id, "target_state": "ACTIVE", "reason": "x", "metadata": {"x": "x".repeat(size)}});
    let body = json!({"transitions": [item("a", 1), item("b", 70_000), item("c", 1), item("d", 70_000)]});
    let event = GatewayEvent::of(&batch_state_transitions::ROUTE).json(&body);
    match batch_state_transitions::request::read(&event.incoming()) {
        Err(Problem::PayloadTooLarge { limit_bytes: 65_536, faults, .. }) => {
            let places: Vec<_> = faults.iter().filter_map(|fault| fault.pointer.as_deref()).collect();
            assert_eq!(places, ["/transitions/1/metadata", "/transitions/3/metadata"]);
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was read"),
    }
}

#[test]
fn a_replay_names_the_version_it_begins_with_and_nothing_else() {
    let read =
        |body: Value| replay_events::request::read(&GatewayEvent::of(&replay_events::ROUTE).json(&body).incoming());
    let (_, workflow_id, from) = read(json!({"from_version": 7})).expect("sound");
    assert_eq!((workflow_id.as_str(), from.get()), ("wf-1", 7));
    assert_eq!(pointers(read(json!({}))), ["/from_version"]);
    for version in [json!(0), json!(-1), json!(1.5), json!("7"), json!(10_000_000_000_u64), Value::Null] {
        let told = faults(read(json!({"from_version": version}))).remove(0);
        assert_eq!(told.pointer.as_deref(), Some("/from_version"), "{version}");
        assert_eq!(told.message, "must be a whole number from 1 to 9999999999", "{version}");
    }
    assert_eq!(pointers(read(json!({"from_version": 0, "to_version": 9}))), ["/from_version", "/to_version"]);
    let bare = faults(replay_events::request::read(&GatewayEvent::of(&replay_events::ROUTE).incoming()));
    assert_eq!(bare[0].pointer.as_deref(), Some(""));
}

#[test]
fn nobody_is_nobody_whatever_else_is_wrong() {
    for operation in ROUTES {
        let anonymous = GatewayEvent::of(operation).anonymous().query("x=1").body("{").incoming();
        let no_subject = GatewayEvent::of(operation).claim("sub", "").incoming();
        for request in [anonymous, no_subject] {
            assert!(matches!(read(operation, &request), Err(Problem::Unauthenticated(_))), "{}", operation.name);
        }
    }
}

/// The operations that read a body: those that refuse one that is no object.
fn with_a_body() -> Vec<&'static Route> {
    let is_read = |operation: &&&'static Route| {
        let refused = read(operation, &GatewayEvent::of(operation).body("[]").incoming());
        matches!(refused, Err(Problem::MalformedRequest(faults)) if faults.iter().any(|fault| fault.pointer.is_some()))
    };
    ROUTES.iter().filter(is_read).copied().collect()
}

#[test]
fn a_body_that_agrees_with_path_and_token_is_understood_and_one_that_does_not_is_refused() {
    let operations = with_a_body();
    assert!(operations.len() > 4, "{} operations: this test sees too little", operations.len());
    for operation in operations {
        let told = |body: Value| match read(operation, &GatewayEvent::of(operation).json(&body).incoming()) {
            Err(Problem::MalformedRequest(faults)) => faults,
            Ok(()) => Vec::new(),
            Err(other) => panic!("{other:?}"),
        };
        let of = |faults: Vec<RequestFault>, place: &str| -> Vec<String> {
            let about = faults.into_iter().filter(|fault| fault.pointer.as_deref() == Some(place));
            about.map(|fault| fault.message).collect()
        };
        let (name, in_path) = (operation.name, operation.path.contains("{workflow_id}"));
        let mut members = vec![("/requested_by", "the token, whose subject is alice")];
        if in_path {
            members.push(("/workflow_id", "the path, which names wf-1"));
        }
        for (place, stated) in members {
            let body = |requested_by: Value, workflow_id: Value| {
                let mut body = json!({"requested_by": "alice", "workflow_id": "wf-1"});
                let changed = if place == "/requested_by" { requested_by } else { workflow_id };
                body[&place[1..]] = changed;
                body
            };
            assert_eq!(of(told(body(json!("alice"), json!("wf-1"))), place), Vec::<String>::new(), "{name}");
            for (person, workflow) in [("mallory", "wf-2"), ("Alice", "WF-1"), ("", ""), ("alice ", "wf%2D1")] {
                let message = format!("differs from {stated}; correct it or leave it out");
                assert_eq!(of(told(body(json!(person), json!(workflow))), place), [message], "{name}");
            }
            for odd in [json!(null), json!(7), json!(["alice"]), json!({})] {
                assert_eq!(of(told(body(odd.clone(), odd)), place), ["must be a string"], "{name}");
            }
        }
    }
}

#[test]
fn a_body_is_not_compared_with_a_path_that_names_nothing() {
    let event = GatewayEvent::of(&recover_workflow::ROUTE).workflow("a%2Fb").json(&json!({"workflow_id": "a/b"}));
    let told = faults(recover_workflow::request::read(&event.incoming()));
    assert!(matches!(&told[..], [fault] if fault.pointer.is_none()), "{told:?}");
}

#[test]
fn a_body_of_nothing_but_faults_makes_no_endless_answer() {
    let members: Map<String, Value> = (0..1000).map(|number| (format!("m{number}"), json!(1))).collect();
    let told = faults(create_workflow::request::read(&create(Value::Object(members).to_string()).incoming()));
    assert_eq!(told.len(), FAULTS_MAX);
}

/// Reads a request of any operation; what it says is dropped.
fn read(operation: &Route, request: &Incoming) -> Result<(), Problem> {
    match operation.name {
        "get-sweep" => get_sweep::request::read(request).map(drop),
        "get-export" => get_export::request::read(request).map(drop),
        "export-records" => export_records::request::read(request).map(drop),
        "review-audit-trail" => review_audit_trail::request::read(request).map(drop),
        "amend-workflow" => amend_workflow::request::read(request).map(drop),
        "get-caller" => get_caller::request::read(request).map(drop),
        "batch-state-transitions" => batch_state_transitions::request::read(request).map(drop),
        "count-workflows" => count_workflows::request::read(request).map(drop),
        "create-workflow" => create_workflow::request::read(request).map(drop),
        "request-state-transition" => request_state_transition::request::read(request).map(drop),
        "list-rulesets" => list_rulesets::request::read(request).map(drop),
        "list-activity" => list_activity::request::read(request).map(drop),
        "list-workflows" => list_workflows::request::read(request).map(drop),
        "get-workflow-history" => get_workflow_history::request::read(request).map(drop),
        "verify-workflow-history" => verify_workflow_history::request::read(request).map(drop),
        "recover-workflow" => recover_workflow::request::read(request).map(drop),
        "sign-workflow" => sign_workflow::request::read(request).map(drop),
        "replay-events" => replay_events::request::read(request).map(drop),
        "release-workflow" => release_workflow::request::read(request).map(drop),
        _ => named_workflow(request).map(drop),
    }
}

fn any_metadata() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    });
    prop::collection::btree_map(".{0,8}", value, 0..5).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(body in any::<Vec<u8>>(), id in "[!-~]{0,20}", query in "[a-z=&%0-9]{0,40}") {
        for operation in ROUTES {
            let request = GatewayEvent::of(operation).workflow(&id).query(&query).body(body.clone()).incoming();
            if let Err(Problem::Internal(cause)) = read(operation, &request) {
                return Err(TestCaseError::fail(format!("{}: {cause}", operation.name)));
            }
        }
    }

    #[test]
    fn no_text_like_json_makes_a_reader_panic(
        body in "(\\{|\\}|\\[|\\]|:|,|\"metadata\"|\"target_state\"|\"ACTIVE\"|\"failure\"|\"a\"|1e9|-0|null| ){0,30}",
    ) {
        for operation in ROUTES {
            let request = GatewayEvent::of(operation).body(body.clone()).incoming();
            if let Err(Problem::Internal(cause)) = read(operation, &request) {
                return Err(TestCaseError::fail(format!("{}: {cause}", operation.name)));
            }
        }
    }

    #[test]
    fn metadata_that_is_accepted_is_what_was_sent(metadata in any_metadata()) {
        let body = json!({"workflow_type": "a", "metadata": metadata}).to_string();
        let (_, new) = create_workflow::request::read(&create(body).incoming()).expect("a sound request");
        prop_assert_eq!(new.data.metadata.as_object(), &metadata);
        // And canonical JSON, which the hash is made of, reads back as the same numbers.
        let canonical = canonical_json(&new.data.metadata).expect("canonical JSON");
        let again = canonical_json(&serde_json::from_slice::<Value>(canonical.as_bytes()).expect("JSON")).expect("canonical JSON");
        prop_assert_eq!(canonical, again);
    }
}
