//! The steps of an export: interrupted after each effect and repeated they make the same archive, and one audit entry.

use alims_domain::export::{ExportFailure, ExportId};
use alims_domain::limits::EXPORT_ENTRIES_MAX;
use alims_domain::stored_version::StoredVersion;
use alims_operations::export_records::{NewExport, export_records};
use alims_operations::export_step::{ExportNext, ExportStepError, export_step, fail_export};
use alims_operations::get_export::{Ports, get_export};
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore, StoreError, WorkflowLog};
use alims_testing::builders::{a_call, a_call_with_key, a_key_of};
use alims_testing::{EverybodyMay, SequentialIds};
use serde_json::{Value, json};
use std::future::pending;
use std::sync::Arc;

use crate::export_records::{Exporting, a_log, a_log_of, audited, of_everything, of_workflow, ports, to_and_fro};

async fn ended(ports: &Exporting, place: &ExportPlace) {
    for _step in 0..100 {
        if export_step(&ports.exporting, place).await.unwrap() == ExportNext::Nothing {
            return;
        }
    }
    panic!("the export does not end");
}

/// The archive of an export whose job is interrupted once, after so many effects, and whether it was.
async fn interrupted_after(effects: Option<u32>, chain: &[StoredVersion], new: &NewExport) -> (Vec<u8>, bool) {
    let ports = ports(a_log_of(chain), EverybodyMay);
    let found = export_records(&ports, &a_call_with_key("audrey", "k"), new, pending()).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    ports.exporting.store.fail_after(effects);
    let interrupted = export_step(&ports.exporting, &place).await.is_err();
    ports.exporting.store.fail_after(None);
    ended(&ports, &place).await;
    assert_eq!(audited(&ports.exporting.log, &place.tenant_id).await.len(), 1, "after {effects:?} effects");
    (ports.exporting.store.archive_of(&place).expect("an archive"), interrupted)
}

#[tokio::test]
async fn an_export_that_is_interrupted_anywhere_makes_the_same_archive() {
    // Two parts: the first is made within the request.
    let key = a_key_of(&a_call("alice").principal.tenant_id, "wf-1");
    let chain = to_and_fro(&key, 501);
    for new in [of_workflow("wf-1"), of_everything()] {
        let (whole, _) = interrupted_after(None, &chain, &new).await;
        for effects in 0.. {
            let (archive, interrupted) = interrupted_after(Some(effects), &chain, &new).await;
            assert!(archive == whole, "after {effects} effects");
            if !interrupted {
                assert!(effects > 8, "these are not all effects: {effects}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn two_runs_at_once_make_one_export() {
    let ports = ports(a_log(501).0, EverybodyMay);
    let found =
        export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    let (one, other) = tokio::join!(export_step(&ports.exporting, &place), export_step(&ports.exporting, &place));
    assert_eq!((one.unwrap(), other.unwrap()), (ExportNext::Nothing, ExportNext::Nothing));
    assert_eq!(audited(&ports.exporting.log, &place.tenant_id).await.len(), 1);
}

#[tokio::test]
async fn an_archive_that_another_release_began_fails_and_leaves_the_service_in_no_form() {
    let ports = ports(a_log(501).0, EverybodyMay);
    let found =
        export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    let signed = format!("{{\"format\":1,\"manifest_sha256\":\"{}\",\"signature\":\"00\"}}", "0".repeat(64));
    ports.exporting.store.keep(&place, ExportDocument::Signature, signed.into_bytes()).await.unwrap();
    export_step(&ports.exporting, &place).await.unwrap_err();
    assert_eq!(ports.exporting.store.archive_of(&place), None);
    assert!(audited(&ports.exporting.log, &place.tenant_id).await.is_empty());
}

#[tokio::test]
async fn a_document_of_a_newer_release_is_left_to_it() {
    let ports = ports(a_log(501).0, EverybodyMay);
    let place =
        ExportPlace { tenant_id: "default".parse().unwrap(), export_id: ExportId::fresh(SequentialIds::numbered(1)) };
    let newer = b"{\"format\":2,\"anything\":[]}".to_vec();
    ports.exporting.store.keep(&place, ExportDocument::Job, newer).await.unwrap();
    let refused = export_step(&ports.exporting, &place).await;
    assert!(matches!(refused, Err(ExportStepError::Store(StoreError::NewerFormat(_)))), "{refused:?}");
}

#[tokio::test]
async fn versions_that_come_later_are_in_no_archive() {
    let (log, key) = a_log(600);
    let ports = ports(log.clone(), EverybodyMay);
    let found =
        export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    for version in to_and_fro(&key, 650).into_iter().skip(600) {
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
async fn an_export_of_more_than_a_million_entries_fails_and_says_so() {
    let ports = ports(a_log(501).0, EverybodyMay);
    let found =
        export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    let (place, store) = (ExportPlace::of(&found.job), &ports.exporting.store);
    // As if parts with all but so many entries were there.
    let first = store.kept(&place, ExportDocument::Progress(1)).await.unwrap().expect("the first part's progress");
    let first: Value = serde_json::from_slice(&first).unwrap();
    let progress = json!({"format": 1, "entries": EXPORT_ENTRIES_MAX, "next": first["next"]});
    store.keep(&place, ExportDocument::Progress(2), progress.to_string().into_bytes()).await.unwrap();
    assert_eq!(export_step(&ports.exporting, &place).await.unwrap(), ExportNext::Nothing);
    let reading = Ports { store: store.clone(), policy: Arc::new(EverybodyMay), clock: ports.exporting.clock.clone() };
    let found = get_export(&reading, &a_call("audrey"), place.export_id).await.unwrap();
    let ending = found.ending.expect("an end");
    assert_eq!((ending.failure, ending.archive), (Some(ExportFailure::ExportTooLarge), None));
    assert!(audited(&ports.exporting.log, &place.tenant_id).await.is_empty());
}

#[tokio::test]
async fn an_export_that_failed_stays_failed() {
    let ports = ports(a_log(600).0, EverybodyMay);
    let found =
        export_records(&ports, &a_call_with_key("audrey", "k"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    let place = ExportPlace::of(&found.job);
    fail_export(&ports.exporting, &place, ExportFailure::ExportInterrupted).await.unwrap();
    assert_eq!(export_step(&ports.exporting, &place).await.unwrap(), ExportNext::Nothing);
    assert_eq!(ports.exporting.store.archive_of(&place), None);
}
