//! Sweeps and rebuilds after a rollback: a workflow with newer items is left, and the others are put in order.

use alims_domain::timestamp::Timestamp;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{SweepPosition, SweepPositions, WalkPosition};
use alims_operations::sweep_workflows::{self, Swept, sweep_workflows};
use alims_operations::{Anomaly, StartPorts};
use alims_testing::{FixedClock, MemoryStarter, SequentialIds};
use std::sync::Arc;

use super::{a_full_life, as_newer, goes_on};
use crate::behind::{INDEX, LOG};
use crate::lab::Lab;
use crate::rebuild_index::rebuild;

/// Every place of an item that a sweep reads.
const READ_BY_A_SWEEP: [(&str, &str, &str, &str); 8] = [
    (LOG, "default#w", "v#0000000001", ""),
    (LOG, "default#w", "v#0000000002", ""),
    (LOG, "default#w", "v#0000000003", ""),
    (LOG, "default#w", "a#", "#claim"),
    (LOG, "default#w", "a#", "#outcome"),
    (LOG, "default#w", "q#", "#quarantined"),
    (LOG, "default#w", "q#", "#released"),
    (INDEX, "default#w", "", ""),
];

/// Sweeps in a far year, when nothing is too young to be looked at.
async fn swept(lab: &Lab) -> Swept {
    let (log, index) = (DynamoLog::new(lab.dynamodb(), LOG), DynamoIndex::new(lab.dynamodb(), INDEX));
    let clock = FixedClock::new(Timestamp::try_from("2100-01-01T00:00:00.000Z".to_owned()).unwrap());
    let starting = StartPorts { log, starter: MemoryStarter::default(), clock: Arc::new(clock) };
    let ids = Arc::new(SequentialIds::default());
    sweep_workflows(&sweep_workflows::Ports { starting, index: index.clone(), positions: index, ids }).await.unwrap()
}

#[tokio::test]
async fn a_sweep_fails_for_a_workflow_with_newer_items_and_helps_the_others() {
    let lab = Lab::open().await;
    let sue = a_full_life(&lab).await;
    lab.remove_from_index("other").await;
    let whole = lab.raw_items().await;
    for at in READ_BY_A_SWEEP {
        let (table, original) = lab.raise(at).await;
        let before = lab.raw_items().await;
        let swept = swept(&lab).await;
        let failed: Vec<String> = swept.failed.iter().map(|(key, _)| key.to_string()).collect();
        assert_eq!((failed, swept.workflows), (vec!["default/w".to_owned()], 2), "{at:?}: {swept:?}");
        assert!(swept.failed[0].1.contains("format 2"), "{swept:?}");
        assert_eq!((swept.started, swept.quarantined.as_slice()), (1, [].as_slice()), "{at:?}: {swept:?}");
        let mut after = lab.raw_items().await;
        // The claim of the recovery of the other workflow, and where the sweep stopped.
        after.retain(|key, _| before.contains_key(key));
        assert_eq!(after, before, "{at:?}");
        lab.put_raw(table, &original).await;
        // The next sweep is to find the other workflow without a claim.
        for (key, item) in lab.raw_items().await.into_iter().filter(|(key, _)| !whole.contains_key(key)) {
            let (pk, entry) = (item["pk"].clone(), item.get("entry").cloned());
            let delete = lab.dynamodb().delete_item().table_name(key.0).key("pk", pk);
            entry.into_iter().fold(delete, |delete, entry| delete.key("entry", entry)).send().await.unwrap();
        }
    }
    assert_eq!(sue.post("/workflows/other/recovery", &serde_json::json!({})).await.status, 202);
    goes_on(&lab, &sue).await;
}

#[tokio::test]
async fn a_newer_position_of_the_sweep_stays_and_each_sweep_begins_anew() {
    let lab = Lab::open().await;
    a_full_life(&lab).await;
    let index = DynamoIndex::new(lab.dynamodb(), INDEX);
    let key = (INDEX, "#sweep".to_owned(), String::new());
    // From here on there would be nothing more to look at.
    let end = WalkPosition(r#"["default#w","v#0000000003"]"#.to_owned());
    let end = SweepPosition { round: Some(end), ..SweepPosition::default() };
    index.keep_sweep_position(&end).await.unwrap();
    let (_, original) = lab.raise((INDEX, "#sweep", "", "")).await;
    for _ in 0..2 {
        let swept = swept(&lab).await;
        assert_eq!((swept.workflows, swept.finished), (2, true), "{swept:?}");
        assert_eq!(lab.raw_items().await[&key], as_newer(&original));
    }
    lab.put_raw(INDEX, &original).await;
    assert_eq!(index.sweep_position().await.unwrap(), end);
    swept(&lab).await;
    assert_eq!(index.sweep_position().await.unwrap().round, None, "it came to the end and begins anew");
}

#[tokio::test]
async fn a_rebuild_names_a_workflow_with_newer_items_and_puts_the_others_in_order() {
    let lab = Lab::open().await;
    let sue = a_full_life(&lab).await;
    let not_read = ["#claim", "#outcome"];
    for at in READ_BY_A_SWEEP.into_iter().filter(|at| !not_read.contains(&at.3)) {
        let (table, original) = lab.raise(at).await;
        let before = lab.raw_items().await;
        lab.remove_from_index("other").await;
        let rebuilt = rebuild(&lab).await;
        let [finding] = &rebuilt.findings[..] else { panic!("{at:?}: {rebuilt:?}") };
        assert_eq!(finding.key, "default/w");
        assert!(matches!(&finding.anomaly, Anomaly::WrittenByNewerRelease(newer) if newer.format == 2), "{finding:?}");
        assert_eq!(rebuilt.repaired, 1, "{at:?}: {rebuilt:?}");
        assert_eq!(lab.raw_items().await, before, "{at:?}");
        lab.put_raw(table, &original).await;
    }
    assert_eq!(rebuild(&lab).await.findings, []);
    goes_on(&lab, &sue).await;
}
