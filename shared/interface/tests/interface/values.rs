//! How values may be written: versions, instants and filters, and the form of a body.

use alims_edge::problem::{Problem, Unsupported};
use alims_edge::testing::GatewayEvent;
use alims_testing::builders::version;

use crate::readers::{messages, pointers};

#[test]
fn a_body_that_is_not_json_by_its_header_is_not_read_and_all_else_is_told() {
    let event = GatewayEvent::of(&request_state_transition::ROUTE).workflow("a%2Fb").query("dry_run=perhaps");
    for (name, value, unsupported) in
        [("content-type", "text/plain", Unsupported::Type), ("content-encoding", "gzip", Unsupported::Coding)]
    {
        let read = request_state_transition::request::read(&event.clone().header(name, value).body("a=b").incoming());
        let Err(Problem::UnsupportedMediaType { faults, what }) = read else { panic!("{read:?}") };
        assert_eq!(what, unsupported);
        let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert!(
            matches!(told.as_slice(), [path, query, header]
                if path.contains("workflow_id in the path") && query.contains("dry_run") && header.contains(name)),
            "{told:?}"
        );
    }
}

#[test]
fn a_version_may_be_written_as_a_whole_double() {
    let read = |number: &str| {
        let body = format!(r#"{{"target_state": "ACTIVE", "reason": "x", "expected_version": {number}}}"#);
        let event = GatewayEvent::of(&request_state_transition::ROUTE).body(body);
        request_state_transition::request::read(&event.incoming())
    };
    for number in ["7", "7.0", "7e0", "0.7e1", "70e-1"] {
        let expected = read(number).expect("a sound request").request.expected_versions;
        assert_eq!(expected, Some(version(7).into()), "{number}");
    }
    for number in ["7.5", "0.0", "-0.0", "-7.0", "1e10", "1e300", "9999999999.5"] {
        assert_eq!(pointers(read(number)), ["/expected_version"], "{number}");
    }
}

/// A form writes a space as `+`, an address a plus: which of them is meant cannot be seen.
#[test]
fn a_plus_in_a_query_is_refused_with_both_ways_to_write_what_is_meant() {
    let read =
        |query: &str| list_workflows::request::read(&GatewayEvent::of(&list_workflows::ROUTE).query(query).incoming());
    for query in ["created_by=a+b@x", "updated_after=2026-11-23T09:15:00+01:00", "created+by=a", "a+b"] {
        let told = messages(read(query));
        assert!(matches!(told.as_slice(), [message] if message.contains("%2B") && message.contains("%20")), "{told:?}");
    }
    for (query, creator) in
        [("created_by=a%2Bb@x", "a+b@x"), ("created_by=a%20b", "a b"), ("created_by=a%252Bb", "a%2Bb")]
    {
        let (_, list) = read(query).expect("sound");
        assert_eq!(list.filter.entries.created_by.map(String::from), Some(creator.to_owned()));
    }
}

/// Stored instants are whole milliseconds: `stored >= bound` and `stored < bound` must say what the written instant says.
#[test]
fn a_bound_finer_than_a_millisecond_is_compared_exactly() {
    let read = |bound: &str, instant: &str| {
        let query = format!("{bound}=2026-11-23T08:15:20{instant}");
        let (_, list) =
            list_workflows::request::read(&GatewayEvent::of(&list_workflows::ROUTE).query(&query).incoming())
                .expect("sound");
        let filter = list.filter.entries;
        let bounds = [filter.updated_after, filter.updated_before, filter.created_after, filter.created_before];
        bounds.into_iter().chain([filter.due_before]).flatten().next().map(|at| at.to_string())
    };
    for bound in ["updated_after", "updated_before", "created_after", "created_before", "due_before"] {
        for (written, first) in
            [(".498Z", "20.498"), (".4980Z", "20.498"), (".4985Z", "20.499"), (".49800000001Z", "20.499")]
        {
            assert_eq!(read(bound, written), Some(format!("2026-11-23T08:15:{first}Z")), "{bound} {written}");
        }
    }
}
