//! Reading an export: one's own tenant's only.

use alims_domain::access::Action;
use alims_operations::export_records::export_records;
use alims_operations::get_export::{GetExportError, Ports, get_export};
use alims_testing::builders::a_call;
use alims_testing::{EverybodyMay, OnlyTheseMay};
use std::future::pending;
use std::sync::Arc;

use crate::export_records::{a_log, of_workflow, ports};

#[tokio::test]
async fn an_export_is_found_by_its_tenant_and_by_those_who_may() {
    let exporting = ports(a_log(2).0, EverybodyMay);
    let asked = export_records(&exporting, &a_call("audrey"), &of_workflow("wf-1"), pending()).await.unwrap().found;
    let (store, clock) = (exporting.exporting.store.clone(), exporting.exporting.clock.clone());
    let reading = Ports { store: store.clone(), policy: Arc::new(EverybodyMay), clock: clock.clone() };
    let found = get_export(&reading, &a_call("alice"), asked.job.export_id).await.unwrap();
    assert_eq!(found, asked);
    let mut stranger = a_call("audrey");
    stranger.principal.tenant_id = "other".parse().unwrap();
    let missing = get_export(&reading, &stranger, asked.job.export_id).await;
    assert!(matches!(missing, Err(GetExportError::NotFound)), "{missing:?}");
    let may_not = Ports { store, policy: Arc::new(OnlyTheseMay(vec![Action::ExportRecords])), clock };
    let refused = get_export(&may_not, &a_call("alice"), asked.job.export_id).await;
    assert!(matches!(refused, Err(GetExportError::Forbidden(_))), "{refused:?}");
}
