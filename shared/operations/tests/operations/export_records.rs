//! Exporting records: small ones at once, large ones by a job, each once for each key, and each in the audit trail.

use alims_domain::access::Action;
use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::AuditAct;
use alims_domain::export::{ExportSelection, OfPeriod, OfWorkflow};
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::limits::EXPORT_PART_ENTRIES;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_export::ZipFormat;
use alims_operations::export_records::{ExportRecordsError, Exported, NewExport, Ports, export_records};
use alims_operations::export_step::ExportStepError;
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{
    AccessPolicy, ActivityLog, ActivityQuery, ExportDocument, ExportLink, ExportPlace, ExportStore, KeptEntry,
    StoreError,
};
use alims_testing::builders::{a_call, a_call_with_key, a_created_of, a_key_of, a_move, at};
use alims_testing::{
    EverybodyMay, FixedClock, MemoryExports, MemoryLog, MemoryUpload, NoKey, OnlyTheseMay, SequentialIds,
};
use std::future::pending;
use std::sync::Arc;

pub(crate) const NOW: i64 = 10_000_000;

pub(crate) type Exporting = Ports<MemoryLog, MemoryExports, NoKey, MemoryExports>;

/// A workflow with so many versions.
pub(crate) fn a_log(versions: usize) -> (MemoryLog, WorkflowKey) {
    let key = a_key_of(&a_call("alice").principal.tenant_id, "wf-1");
    (a_log_of(&to_and_fro(&key, versions)), key)
}

/// So many versions of a workflow. They are small: a test makes many of these archives.
pub(crate) fn to_and_fro(key: &WorkflowKey, versions: usize) -> Vec<StoredVersion> {
    let mut chain = vec![a_created_of(key)];
    while chain.len() < versions {
        let target = if chain.len() % 2 == 1 { State::Active } else { State::Paused };
        chain.push(a_move(&chain[chain.len() - 1], target));
    }
    chain
}

/// A log with these versions.
pub(crate) fn a_log_of(chain: &[StoredVersion]) -> MemoryLog {
    let log = MemoryLog::default();
    for version in chain {
        log.overwrite(version.clone());
    }
    log
}

pub(crate) fn ports(log: MemoryLog, policy: impl AccessPolicy + 'static) -> Exporting {
    let store = MemoryExports::default();
    let exporting = ExportPorts {
        log,
        store: store.clone(),
        signer: NoKey,
        format: Arc::new(ZipFormat),
        clock: Arc::new(FixedClock::new(at(NOW))),
        ids: Arc::new(SequentialIds::default()),
    };
    Ports { exporting, starter: store, policy: Arc::new(policy) }
}

pub(crate) fn of_workflow(id: &str) -> NewExport {
    let workflow_id = id.parse().unwrap();
    NewExport { selection: ExportSelection::Workflow(OfWorkflow { workflow_id }), reason: None }
}

pub(crate) fn of_everything() -> NewExport {
    let period = OfPeriod { from: at(0), to: at(NOW), principal: None, kind: None };
    NewExport { selection: ExportSelection::Period(period), reason: "Inspection.".parse().ok() }
}

pub(crate) async fn audited(log: &MemoryLog, tenant_id: &TenantId) -> Vec<AuditAct> {
    let query = ActivityQuery {
        tenant_id: tenant_id.clone(),
        from: at(0),
        to: at(NOW + 1000),
        principal: None,
        kind: Some(ActivityKind::RecordsExported),
        after: None,
        limit: 100,
    };
    let page = log.activity(&query).await.unwrap();
    let acts = page
        .items
        .into_iter()
        .filter_map(|item| if let KeptEntry::Audit(entry) = item.entry { Some(entry.act.clone()) } else { None });
    acts.collect()
}

#[tokio::test]
async fn a_small_export_is_complete_and_in_the_audit_trail_when_it_is_answered() {
    let (log, key) = a_log(5);
    let ports = ports(log.clone(), EverybodyMay);
    let Exported { found, repeated, interruption } =
        export_records(&ports, &a_call("audrey"), &of_workflow("wf-1"), pending()).await.unwrap();
    let archive = found.ending.and_then(|ending| ending.archive).expect("an archive");
    assert_eq!((archive.entries, archive.workflows, repeated), (5, 1, false));
    assert!(interruption.is_none());
    assert!(found.link.is_some() && ports.starter.started().is_empty());
    let kept = ports.exporting.store.archive_of(&ExportPlace::of(&found.job)).expect("a kept archive");
    assert_eq!(archive.bytes, u64::try_from(kept.len()).unwrap());
    let acts = audited(&log, &key.tenant_id).await;
    let [AuditAct::RecordsExported(exported)] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((exported.entries, &exported.manifest_sha256), (5, &archive.manifest_sha256));
    assert_eq!(exported.workflow_ids, [key.workflow_id]);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_export_and_another_one_with_its_key_is_refused() {
    let (log, key) = a_log(3);
    let ports = ports(log.clone(), EverybodyMay);
    let call = a_call_with_key("audrey", "k");
    let first = export_records(&ports, &call, &of_workflow("wf-1"), pending()).await.unwrap();
    let second = export_records(&ports, &call, &of_workflow("wf-1"), pending()).await.unwrap();
    assert_eq!(first.found.ending, second.found.ending);
    assert_eq!(audited(&log, &key.tenant_id).await.len(), 1);
    let other = export_records(&ports, &call, &of_everything(), pending()).await;
    assert!(matches!(other, Err(ExportRecordsError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn a_large_export_goes_on_as_a_job() {
    let (log, key) = a_log(EXPORT_PART_ENTRIES + 1);
    let ports = ports(log.clone(), EverybodyMay);
    let Exported { found, .. } =
        export_records(&ports, &a_call("audrey"), &of_workflow("wf-1"), pending()).await.unwrap();
    assert_eq!((found.ending, found.entries), (None, 500));
    assert_eq!(ports.starter.started(), [ExportPlace::of(&found.job)]);
    assert!(audited(&log, &key.tenant_id).await.is_empty());
}

#[tokio::test]
async fn an_export_of_nothing_or_of_another_tenant_is_refused_and_leaves_no_audit_entry() {
    let (log, key) = a_log(1);
    let nothing = NewExport {
        selection: ExportSelection::Period(OfPeriod {
            from: at(1),
            to: at(2),
            principal: "nemo".parse().ok(),
            kind: None,
        }),
        reason: None,
    };
    let ports = ports(log.clone(), EverybodyMay);
    let refused = export_records(&ports, &a_call("audrey"), &nothing, pending()).await;
    assert!(matches!(refused, Err(ExportRecordsError::Nothing)), "{refused:?}");
    let mut stranger = a_call("audrey");
    stranger.principal.tenant_id = "other".parse().unwrap();
    for (call, id) in [(a_call("audrey"), "wf-2"), (stranger, "wf-1")] {
        let refused = export_records(&ports, &call, &of_workflow(id), pending()).await;
        assert!(matches!(refused, Err(ExportRecordsError::WorkflowNotFound)), "{refused:?}");
    }
    assert!(audited(&log, &key.tenant_id).await.is_empty());
}

#[tokio::test]
async fn only_who_may_export_does() {
    let (log, key) = a_log(1);
    let ports = ports(log.clone(), OnlyTheseMay(vec![Action::ListActivity, Action::GetExport]));
    let refused = export_records(&ports, &a_call("alice"), &of_workflow("wf-1"), pending()).await;
    assert!(matches!(refused, Err(ExportRecordsError::Forbidden(_))), "{refused:?}");
    assert!(audited(&log, &key.tenant_id).await.is_empty());
}

#[tokio::test]
async fn a_request_that_was_interrupted_is_continued_by_the_same_request() {
    // A store that fails after each effect of a small export, and of the start of a large one.
    for versions in [3, 501] {
        for effects in 0.. {
            let (log, key) = a_log(versions);
            let ports = ports(log.clone(), EverybodyMay);
            ports.exporting.store.fail_after(Some(effects));
            let call = a_call_with_key("audrey", "k");
            let interrupted = export_records(&ports, &call, &of_workflow("wf-1"), pending()).await.is_err();
            ports.exporting.store.fail_after(None);
            let Exported { found, .. } = export_records(&ports, &call, &of_workflow("wf-1"), pending()).await.unwrap();
            let acts = audited(&log, &key.tenant_id).await.len();
            if versions == 3 {
                assert!(found.link.is_some() && acts == 1, "after {effects} effects: {acts}");
            } else {
                assert!(ports.starter.started().contains(&ExportPlace::of(&found.job)), "after {effects} effects");
            }
            if !interrupted {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_job_continues_with_an_export_that_the_request_could_not_complete_and_the_reason_is_told() {
    let (log, _) = a_log(3);
    let ports = Ports { starter: MemoryExports::default(), ..ports(log, EverybodyMay) };
    // The job is kept, and no part of the archive after it.
    ports.exporting.store.fail_after(Some(1));
    let Exported { found, interruption, .. } =
        export_records(&ports, &a_call("audrey"), &of_workflow("wf-1"), pending()).await.unwrap();
    assert_eq!(ports.starter.started(), [ExportPlace::of(&found.job)]);
    assert!(matches!(interruption, Some(ExportStepError::Store(StoreError::Unavailable(_)))), "{interruption:?}");
}

#[tokio::test]
async fn a_job_continues_with_a_small_export_for_which_the_time_of_the_request_is_over() {
    let (log, key) = a_log(3);
    let ports = ports(log.clone(), EverybodyMay);
    let slow = Slow(ports.exporting.store.clone());
    let exporting = ExportPorts {
        log,
        store: slow,
        signer: NoKey,
        format: Arc::new(ZipFormat),
        clock: ports.exporting.clock.clone(),
        ids: ports.exporting.ids.clone(),
    };
    let ports = Ports { exporting, starter: ports.starter.clone(), policy: ports.policy.clone() };
    let Exported { found, .. } =
        export_records(&ports, &a_call("audrey"), &of_workflow("wf-1"), std::future::ready(())).await.unwrap();
    assert_eq!(found.ending, None);
    assert_eq!(ports.starter.started(), [ExportPlace::of(&found.job)]);
    assert!(audited(&ports.exporting.log, &key.tenant_id).await.is_empty());
}

/// A store that lets others go first before it keeps a part.
#[derive(Clone)]
struct Slow(MemoryExports);

impl ExportStore for Slow {
    type Upload = MemoryUpload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if matches!(document, ExportDocument::Part(_)) {
            tokio::task::yield_now().await;
        }
        self.0.keep(place, document, bytes).await
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.kept(place, document).await
    }

    async fn archive(&self, place: &ExportPlace) -> Result<MemoryUpload, StoreError> {
        self.0.archive(place).await
    }

    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        self.0.link(place, now, seconds).await
    }
}
