//! Each metric of the list is counted by the handler whose work it is about, and no other metric is.

use alims_domain::lifecycle::State;
use alims_domain::recovery::document::RecoveryDocument;
use alims_edge::testing::GatewayEvent;
use alims_interface::{batch_state_transitions, create_workflow, request_state_transition};
use alims_operations::metrics;
use alims_testing::builders::{a_claim, a_created_of, a_key_of, a_move, at, with_metadata};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

use crate::lab::{Lab, engine};

/// What was counted or measured, by metric and labels.
type Counted = BTreeMap<(String, Vec<(String, String)>), f64>;

fn counted(snapshotter: &Snapshotter) -> Counted {
    let entries = snapshotter.snapshot().into_vec().into_iter();
    entries
        .map(|(key, _, _, value)| {
            let (_, key) = key.into_parts();
            let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
            let value = match value {
                DebugValue::Counter(number) => f64::from(u32::try_from(number).unwrap()),
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(values) => values.last().map_or(0.0, |value| value.into_inner()),
            };
            ((key.name().to_owned(), labels), value)
        })
        .collect()
}

/// A run in which everything happens that is counted.
async fn everything_happens() {
    let lab = Lab::new(engine(&[]));
    let create =
        GatewayEvent::of(&create_workflow::ROUTE).json(&json!({"workflow_type": "free-form", "workflow_id": "wf-1"}));
    assert_eq!(lab.ask(&create_workflow::ROUTE, &create).await.status, 201);
    assert_eq!(lab.ask(&create_workflow::ROUTE, &create).await.code(), "workflow-already-exists");

    // Another request appends version 2 just before this one does.
    let key = a_key_of(&"lab".parse().unwrap(), "wf-1");
    let created = lab.log.entries(&key).0.remove(0);
    let (log, winner) = (lab.log.clone(), a_move(&created, State::Active));
    lab.script.meanwhile(lab.script.calls().len() + 2, move || log.overwrite(winner));
    let activate = GatewayEvent::of(&request_state_transition::ROUTE)
        .json(&json!({"target_state": "ACTIVE", "reason": "It begins."}));
    assert_eq!(lab.ask(&request_state_transition::ROUTE, &activate).await.code(), "version-conflict");

    // One of the two is refused, and the request is answered all the same.
    let batch = GatewayEvent::of(&batch_state_transitions::ROUTE)
        .json(&json!({"reason": "It begins.", "transitions": [
        {"workflow_id": "wf-1", "target_state": "ACTIVE"}, {"workflow_id": "wf-9", "target_state": "ACTIVE"}]}));
    assert_eq!(lab.ask(&batch_state_transitions::ROUTE, &batch).await.status, 200);

    let refused = a_created_of(&a_key_of(&"lab".parse().unwrap(), "wf-3"));
    lab.log.overwrite(refused.clone());
    lab.bus.never_accepts(refused.event.event_id);
    lab.publish(std::slice::from_ref(&refused)).await;
    lab.change(&refused).await;

    lab.clock.set(at(3_600_000 + 2500));
    lab.publish(&lab.log.entries(&key).0).await;

    let altered = a_created_of(&a_key_of(&"lab".parse().unwrap(), "wf-2"));
    let mut changed = with_metadata(&altered, &json!({"sample": "another"}));
    changed.event.hash = altered.event.hash;
    lab.log.overwrite(changed);
    lab.sweep().await;
    lab.anchor().await;
    lab.recover(RecoveryDocument::of(&a_claim(&key, 2, 1))).await;
}

#[tokio::test]
async fn each_metric_of_the_list_is_counted_by_a_handler_with_its_labels_and_no_other_is() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let recording = ::metrics::set_default_local_recorder(&recorder);
    everything_happens().await;
    drop(recording);
    let counted = counted(&snapshotter);
    let names: BTreeSet<&str> = counted.keys().map(|(name, _)| name.as_str()).collect();
    for metric in metrics::ALL {
        assert!(names.contains(metric.name), "{}: {counted:?}", metric.name);
    }
    for (name, labels) in counted.keys() {
        let metric = metrics::ALL.iter().find(|metric| metric.name == name).expect("a metric of the list");
        let labels: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(labels, metric.labels, "{name}");
    }
    let value = |name: &str, labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        counted.get(&(name.to_owned(), labels)).copied()
    };
    let created = |outcome| value("Operations", &[("Operation", "create-workflow"), ("Outcome", outcome)]);
    assert_eq!((created("done"), created("refused"), created("failed")), (Some(1.0), Some(1.0), None));
    assert_eq!(value("Refusals", &[("Code", "version-conflict")]), Some(1.0));
    assert_eq!(value("BatchItems", &[("Outcome", "refused")]), Some(2.0));
    assert_eq!(value("Refusals", &[("Code", "workflow-not-found")]), Some(1.0));
    let batch = |outcome| value("Operations", &[("Operation", "batch-state-transitions"), ("Outcome", outcome)]);
    assert_eq!((batch("done"), batch("refused")), (Some(1.0), None));
    assert_eq!((value("Conflicts", &[]), value("Quarantines", &[])), (Some(1.0), Some(2.0)));
    assert_eq!((value("LogChanges", &[]), value("EventsRefused", &[])), (Some(1.0), Some(1.0)));
    assert_eq!(value("EventsPublished", &[]), Some(2.0));
    assert_eq!((value("PublisherLagVersions", &[]), value("PublisherLag", &[])), (Some(2.0), Some(2.5)));
    assert_eq!(value("Recoveries", &[("Outcome", "already-consistent")]), Some(1.0));
}
