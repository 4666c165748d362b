//! The contract of a walk over the log: the visited workflows, their order, and concurrent writes.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_operations::ports::{LogWalk, QuarantineLog, RecoveryLog, StoreError, WalkPosition, WorkflowLog};
use std::collections::{BTreeMap, BTreeSet};

use crate::builders::{
    a_break, a_chain, a_claim, a_fresh_tenant, a_full_record, a_key_of, a_quarantine, a_refusal, a_release,
};

/// Workflows of a fresh tenant with one version and more, some with refusals or other records, and one that was only
/// refused.
async fn filled<L: WorkflowLog + RecoveryLog + QuarantineLog>(log: &L) -> (TenantId, BTreeSet<WorkflowKey>) {
    let tenant = a_fresh_tenant();
    let keys: Vec<WorkflowKey> = (0..12).map(|number| a_key_of(&tenant, &format!("w:{number}"))).collect();
    for (number, key) in keys.iter().enumerate() {
        for version in a_chain(key, number % 5 + 1, 1) {
            log.append(&version).await.unwrap();
        }
        if number % 3 == 0 {
            log.record_refusal(&a_refusal(key)).await.unwrap();
        }
    }
    let (claim, found) = (a_claim(&keys[1], 1, 1), a_break(1));
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    log.record_quarantine(&a_quarantine(&keys[2], &found)).await.unwrap();
    log.record_quarantine(&a_release(&keys[2], &found)).await.unwrap();
    let refused = a_key_of(&tenant, "refused");
    log.record_refusal(&a_refusal(&refused)).await.unwrap();
    (tenant, keys.into_iter().chain([refused]).collect())
}

/// The parts of a walk from a position to its end, each with the position it began at: a tenant's workflows in it.
async fn walked<L: LogWalk>(
    log: &L,
    tenant: &TenantId,
    mut from: Option<WalkPosition>,
) -> Vec<(Option<WalkPosition>, BTreeSet<WorkflowKey>)> {
    let mut parts = Vec::new();
    for _ in 0..10_000 {
        let part = log.part(from.as_ref()).await.unwrap();
        assert!(part.strays.is_empty(), "{:?}", part.strays);
        parts.push((from, part.workflows.into_iter().filter(|key| key.tenant_id == *tenant).collect()));
        match part.next {
            Some(next) => from = Some(next),
            None => return parts,
        }
    }
    panic!("the walk does not end");
}

/// Wherever a part ends, also within a workflow.
pub async fn every_workflow_is_met_and_none_comes_between_the_parts_of_another<
    L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk,
>(
    log: L,
) {
    let (tenant, keys) = filled(&log).await;
    let mut met: BTreeMap<WorkflowKey, Vec<usize>> = BTreeMap::new();
    for (number, (_, workflows)) in walked(&log, &tenant, None).await.into_iter().enumerate() {
        workflows.into_iter().for_each(|key| met.entry(key).or_default().push(number));
    }
    assert_eq!(met.keys().cloned().collect::<BTreeSet<_>>(), keys);
    for (key, parts) in met {
        assert!(parts.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{key}: {parts:?}");
    }
}

/// An interrupted walk may continue from its last position.
pub async fn a_walk_goes_on_from_any_of_its_positions<L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk>(log: L) {
    let (tenant, _) = filled(&log).await;
    let parts = walked(&log, &tenant, None).await;
    for (number, (from, _)) in parts.iter().enumerate() {
        assert_eq!(walked(&log, &tenant, from.clone()).await, parts[number..], "{from:?}");
    }
}

/// The walk may or may not visit new workflows; it visits every existing one.
pub async fn an_append_during_a_walk_hides_nothing_that_was_there<
    L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk,
>(
    log: L,
) {
    let (tenant, keys) = filled(&log).await;
    let mut met = BTreeSet::new();
    let mut from = None;
    for number in 0..10_000 {
        let part = log.part(from.as_ref()).await.unwrap();
        met.extend(part.workflows);
        if number < 20 {
            log.append(&a_chain(&a_key_of(&tenant, &format!("new:{number}")), 1, 1)[0]).await.unwrap();
        }
        from = part.next;
        if from.is_none() {
            assert!(keys.is_subset(&met), "{:?}", keys.difference(&met).collect::<Vec<_>>());
            return;
        }
    }
    panic!("the walk does not end");
}

/// Each segment is a walk of its own, and a workflow is wholly in one of them.
pub async fn segments_share_out_every_workflow<L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk>(log: L) {
    let (tenant, keys) = filled(&log).await;
    for number in [1, 2, 3, 40] {
        let segments = log.segments(number);
        assert!(!segments.is_empty() && segments.len() <= usize::from(number), "{number}: {segments:?}");
        let mut met: Vec<WorkflowKey> = Vec::new();
        for from in segments {
            let parts = walked(&log, &tenant, from).await;
            // It goes on from any of its positions, within its segment.
            for (place, (from, _)) in parts.iter().enumerate() {
                assert_eq!(walked(&log, &tenant, from.clone()).await, parts[place..], "{from:?}");
            }
            let of_segment: BTreeSet<WorkflowKey> = parts.into_iter().flat_map(|(_, workflows)| workflows).collect();
            met.extend(of_segment);
        }
        met.sort_unstable();
        assert_eq!(met, keys.iter().cloned().collect::<Vec<_>>(), "{number} segments");
    }
}

/// It leads nowhere, and certainly not to the beginning.
pub async fn a_position_that_no_walk_gave_is_refused<L: WorkflowLog + RecoveryLog + QuarantineLog + LogWalk>(log: L) {
    filled(&log).await;
    let refused = log.part(Some(&WalkPosition("nowhere".to_owned()))).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}
