//! Bodies of requests: the first byte chooses the operation, the others are the body.
#![no_main]

use alims_edge::testing::GatewayEvent;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    let Some((operation, body)) = bytes.split_first() else { return };
    let sent = |route| GatewayEvent::of(route).header("content-type", "application/json").body(body).incoming();
    match operation % 7 {
        0 => {
            if let Ok((_, new)) = create_workflow::request::read(&sent(&create_workflow::ROUTE)) {
                // What is accepted comes back as it was sent.
                let body: Value = serde_json::from_slice(body).expect("an accepted body is JSON");
                let metadata = body.get("metadata").cloned().unwrap_or_else(|| json!({}));
                assert_eq!(json!(new.data.metadata), metadata);
            }
        }
        1 => drop(request_state_transition::request::read(&sent(&request_state_transition::ROUTE))),
        2 => drop(recover_workflow::request::read(&sent(&recover_workflow::ROUTE))),
        3 => drop(release_workflow::request::read(&sent(&release_workflow::ROUTE))),
        4 => drop(replay_events::request::read(&sent(&replay_events::ROUTE))),
        5 => drop(sign_workflow::request::read(&sent(&sign_workflow::ROUTE))),
        _ => drop(amend_workflow::request::read(&sent(&amend_workflow::ROUTE))),
    }
});
