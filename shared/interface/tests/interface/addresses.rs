//! What is accepted can be asked for: every id, principal and cursor comes through an ordinary client unchanged.

use alims_domain::identifiers::{PrincipalId, TenantId, WorkflowId};
use alims_edge::openapi::parameters;
use alims_edge::testing::GatewayEvent;
use alims_interface::ROUTES;
use alims_operations::ports::IndexPosition;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

/// What `encodeURIComponent` escapes of a name: all but the unreserved characters (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The ways in which clients write a name into a path: as it is, as `encodeURIComponent` does, and each byte escaped.
fn written(name: &str) -> [String; 4] {
    let all = |digits: fn(u8) -> String| name.bytes().map(digits).collect();
    [
        name.to_owned(),
        utf8_percent_encode(name, ESCAPED).to_string(),
        all(|byte| format!("%{byte:02X}")),
        all(|byte| format!("%{byte:02x}")),
    ]
}

/// The segments of an address after a client parsed it (WHATWG URL), decoded as a gateway decodes them.
fn segments(address: &str) -> Vec<String> {
    let url = Url::parse(address).expect("an address");
    let segments = url.path_segments().expect("a path").map(percent_decode_str);
    segments.map(|segment| segment.decode_utf8().expect("text").into_owned()).collect()
}

/// The segments that lead to an operation on a workflow.
fn expected(route: &str, id: &str) -> Vec<String> {
    route
        .trim_start_matches('/')
        .split('/')
        .map(|part| if part == "{workflow_id}" { id } else { part }.to_owned())
        .collect()
}

/// Whether every client's address of every operation on it names this workflow.
fn reachable(id: &str) -> bool {
    let routes = ROUTES.iter().filter(|route| route.path.contains("{workflow_id}"));
    routes.flat_map(|route| written(id).map(|written| (route.path, written))).all(|(route, written)| {
        segments(&format!("http://h{}", route.replace("{workflow_id}", &written))) == expected(route, id)
    })
}

/// Texts like ids, most of them near to what a path treats in a way of its own.
fn like_an_id() -> impl Strategy<Value = String> {
    prop_oneof!["[.]{1,4}", "[.:_-]{1,4}", "[.a]{1,4}", "[A-Za-z0-9._:-]{1,128}"]
}

/// What a query string with this parameter becomes when a client writes it, a space as `%20`, and parses the whole
/// address.
fn query(name: &str, value: &str) -> String {
    let mut url = Url::parse("http://h/workflows").expect("an address");
    url.query_pairs_mut().append_pair(name, value);
    // An encoded plus is `%2B`, so each plus that is left is a space.
    let written = url.query().unwrap_or_default().replace('+', "%20");
    url.set_query(Some(&written));
    Url::parse(url.as_str()).expect("an address").query().unwrap_or_default().to_owned()
}

proptest! {
    #[test]
    fn every_accepted_id_is_reached_by_every_client_and_no_other_is_refused(id in like_an_id()) {
        prop_assert_eq!(id.parse::<WorkflowId>().is_ok(), reachable(&id), "{}", id);
    }

    #[test]
    fn a_tenant_could_stand_in_a_path_as_well(tenant in like_an_id()) {
        let accepted = tenant.parse::<TenantId>().is_ok();
        prop_assert!(!accepted || reachable(&tenant), "{}", tenant);
    }

    #[test]
    fn the_contract_s_pattern_accepts_the_ids_that_are_accepted(id in prop_oneof![like_an_id(), ".{0,4}".boxed()]) {
        let document = serde_json::to_value(parameters::workflow_id()).expect("JSON");
        let schema = jsonschema::validator_for(&document["schema"]).expect("a schema");
        prop_assert_eq!(schema.is_valid(&Value::from(id.as_str())), id.parse::<WorkflowId>().is_ok(), "{}", id);
    }

    #[test]
    fn every_accepted_principal_can_be_asked_for_in_a_filter(id in ".{1,20}|[ +%&=;#?/\\\\]{1,8}[a-z@.]{1,8}") {
        if let Ok(principal) = id.parse::<PrincipalId>() {
            let event = GatewayEvent::of(&list_workflows::ROUTE).query(&query("created_by", &id));
            let (_, list) = list_workflows::request::read(&event.incoming()).expect("a sound request");
            prop_assert_eq!(list.filter.entries.created_by, Some(principal));
        }
    }

    #[test]
    fn every_cursor_comes_back_as_it_was_given(id in "[A-Za-z0-9_:-]{1,128}", millis in 0_i64..2_000_000_000_000) {
        let list = |query: &str| {
            let event = GatewayEvent::of(&list_workflows::ROUTE).query(query);
            list_workflows::request::read(&event.incoming()).expect("a sound request").1
        };
        let at = alims_testing::builders::at(millis);
        let position = IndexPosition { at, workflow_id: id.parse().expect("an id") };
        let cursor = list("").cursors.seal(&position);
        prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{}", cursor);
        prop_assert_eq!(list(&query("cursor", &cursor)).part.after, Some(position));
    }
}
