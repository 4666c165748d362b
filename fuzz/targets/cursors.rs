//! Queries with a cursor: the first byte chooses the operation, the others are the query string.
#![no_main]

use alims_edge::testing::GatewayEvent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((operation, query)) = bytes.split_first() else { return };
    let Ok(query) = std::str::from_utf8(query) else { return };
    // The gateway passes on what came over HTTP, and the runtime's own reader panics at anything else.
    if format!("/?{query}").parse::<http::Uri>().is_err() {
        return;
    }
    let sent = |route| GatewayEvent::of(route).query(query).incoming();
    match operation % 3 {
        0 => drop(list_workflows::request::read(&sent(&list_workflows::ROUTE))),
        1 => drop(get_workflow_history::request::read(&sent(&get_workflow_history::ROUTE))),
        _ => drop(verify_workflow_history::request::read(&sent(&verify_workflow_history::ROUTE))),
    }
});
