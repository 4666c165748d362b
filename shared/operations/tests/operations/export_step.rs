//! The steps of an export: interrupted after each effect and repeated they make the same archive, and one audit entry.

use alims_domain::export::ExportFailure;
use alims_operations::export_records::export_records;
use alims_operations::export_step::{ExportNext, export_step, fail_export};
use alims_operations::get_export::{Ports, get_export};
use alims_operations::ports::{ExportPlace, WorkflowLog};
use alims_testing::EverybodyMay;
use alims_testing::builders::{a_call_with_key, a_chain};
use std::sync::Arc;

use crate::export_records::{Exporting, a_log, of_everything, of_workflow, ports};

async fn ended(ports: &Exporting, place: &ExportPlace) {
    for _step in 0..100 {
        if export_step(&ports.exporting, place).await.unwrap() == ExportNext::Nothing {
            return;
        }
    }
    panic!("the export does not end");
}

/// The archive of an export in which, before each step, so many further effects succeed.
async fn interrupted_every(effects: Option<u32>, of_a_period: bool) -> Vec<u8> {
    let ports = ports(a_log(1203).0, EverybodyMay);
    let new = if of_a_period { of_everything() } else { of_workflow("wf-1") };
    let found = export_records(&ports, &a_call_with_key("audrey", "k"), &new).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    for _step in 0..1000 {
        ports.exporting.store.fail_after(effects);
        if matches!(export_step(&ports.exporting, &place).await, Ok(ExportNext::Nothing)) {
            break;
        }
    }
    ports.exporting.store.fail_after(None);
    ended(&ports, &place).await;
    ports.exporting.store.archive_of(&place).expect("an archive")
}

#[tokio::test]
async fn an_export_that_is_interrupted_anywhere_makes_the_same_archive() {
    for of_a_period in [false, true] {
        let whole = interrupted_every(None, of_a_period).await;
        for effects in 1..12 {
            assert!(interrupted_every(Some(effects), of_a_period).await == whole, "after {effects} effects");
        }
    }
}

#[tokio::test]
async fn versions_that_come_later_are_in_no_archive() {
    let (log, key) = a_log(600);
    let ports = ports(log.clone(), EverybodyMay);
    let found = export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1")).await.unwrap().found;
    for version in a_chain(&key, 650, 7).into_iter().skip(600) {
        log.append(&version).await.unwrap();
    }
    let place = ExportPlace::of(&found.job);
    ended(&ports, &place).await;
    let reading = Ports {
        store: ports.exporting.store.clone(),
        policy: Arc::new(EverybodyMay),
        clock: ports.exporting.clock.clone(),
    };
    let found = get_export(&reading, &a_call_with_key("audrey", "k"), found.job.export_id).await.unwrap();
    assert_eq!(found.entries, 600);
}

#[tokio::test]
async fn an_export_that_failed_stays_failed() {
    let ports = ports(a_log(600).0, EverybodyMay);
    let found = export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1")).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    fail_export(&ports.exporting, &place, ExportFailure::ExportInterrupted).await.unwrap();
    assert_eq!(export_step(&ports.exporting, &place).await.unwrap(), ExportNext::Nothing);
    assert_eq!(ports.exporting.store.archive_of(&place), None);
}
