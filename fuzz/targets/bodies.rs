//! Bodies of requests: the first byte chooses the operation, the others are the body.
#![no_main]

use alims_edge::testing::GatewayEvent;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    let Some((operation, body)) = bytes.split_first() else { return };
    let sent = |route| GatewayEvent::of(route).header("content-type", "application/json").body(body).incoming();
    // In the order of `cargo xtask fuzz`, which gives each a body to begin with.
    match operation % 10 {
        0 => drop(amend_workflow::request::read(&sent(&amend_workflow::ROUTE))),
        1 => drop(batch_state_transitions::request::read(&sent(&batch_state_transitions::ROUTE))),
        2 => {
            if let Ok((_, new)) = create_workflow::request::read(&sent(&create_workflow::ROUTE)) {
                // What is accepted comes back as it was sent.
                let body: Value = serde_json::from_slice(body).expect("an accepted body is JSON");
                let metadata = body.get("metadata").cloned().unwrap_or_else(|| json!({}));
                assert_eq!(json!(new.data.metadata), metadata);
            }
        }
        3 => drop(export_records::request::read(&sent(&export_records::ROUTE))),
        4 => drop(recover_workflow::request::read(&sent(&recover_workflow::ROUTE))),
        5 => drop(release_workflow::request::read(&sent(&release_workflow::ROUTE))),
        6 => drop(replay_events::request::read(&sent(&replay_events::ROUTE))),
        7 => drop(request_state_transition::request::read(&sent(&request_state_transition::ROUTE))),
        8 => drop(review_audit_trail::request::read(&sent(&review_audit_trail::ROUTE))),
        _ => drop(sign_workflow::request::read(&sent(&sign_workflow::ROUTE))),
    }
});
