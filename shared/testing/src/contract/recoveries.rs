//! The contract of the log's recovery records: who owns an attempt, which outcome stays, what a read returns.

use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_domain::recovery::records::{KeptRecovery, RecoveryAttempt, RecoveryClaim};
use alims_operations::ports::{Claimed, RecoveryLog, WorkflowLog};
use tokio::task::JoinSet;

use crate::builders::{a_claim, a_created_of, a_full_record, a_move, at, version};
use crate::contract::log::a_fresh_key;

/// None is none, and no error.
pub async fn a_workflow_that_was_never_recovered_has_no_attempts<L: RecoveryLog>(log: L) {
    assert_eq!(log.recoveries(&a_fresh_key(), 10).await.unwrap().attempts, []);
}

/// Every member of both.
pub async fn a_claim_and_its_outcome_come_back_as_they_went_in<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let claim = a_claim(&key, 3, 1);
    assert_eq!(log.claim_recovery(&claim).await.unwrap(), Claimed::Ours);
    assert_eq!(
        log.recoveries(&key, 10).await.unwrap().attempts,
        [RecoveryAttempt { claim: claim.clone(), ended: None }]
    );
    let record = a_full_record(&claim);
    log.record_recovery(&record).await.unwrap();
    assert_eq!(log.recoveries(&key, 10).await.unwrap().attempts, [RecoveryAttempt { claim, ended: Some(record) }]);
}

/// Absent members stay absent.
pub async fn a_bare_claim_and_a_bare_outcome_come_back<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let claim = RecoveryClaim {
        trigger: Trigger::Sweep,
        roles: [].into(),
        head_hash: None,
        reason: None,
        correlation_id: None,
        delay_seconds: 0,
        ..a_claim(&key, 1, 1)
    };
    log.claim_recovery(&claim).await.unwrap();
    let record = claim.ended(Outcome::of(OutcomeStatus::AlreadyConsistent), at(5));
    log.record_recovery(&record).await.unwrap();
    assert_eq!(log.recoveries(&key, 1).await.unwrap().attempts, [RecoveryAttempt { claim, ended: Some(record) }]);
}

/// Ours when it is the same claim, otherwise another claimant's.
pub async fn an_attempt_is_claimed_once<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let claim = a_claim(&key, 2, 1);
    let rival = RecoveryClaim { requested_by: "rival".parse().unwrap(), ..claim.clone() };
    assert_eq!(log.claim_recovery(&claim).await.unwrap(), Claimed::Ours);
    assert_eq!(log.claim_recovery(&claim).await.unwrap(), Claimed::Ours, "the answer of the first try was lost");
    assert_eq!(log.claim_recovery(&rival).await.unwrap(), Claimed::Taken);
    assert_eq!(log.recoveries(&key, 10).await.unwrap().attempts, [RecoveryAttempt { claim, ended: None }]);
}

/// Of sixteen concurrent claimants one wins, and all the others get the winner.
pub async fn racing_claimants_have_exactly_one_winner<L: RecoveryLog + Clone + 'static>(log: L) {
    let key = a_fresh_key();
    let mut claimants = JoinSet::new();
    for number in 0..16 {
        let (log, requested_by) = (log.clone(), format!("claimant-{number}").parse().unwrap());
        let claim = RecoveryClaim { requested_by, ..a_claim(&key, 1, 1) };
        claimants.spawn(async move { (log.claim_recovery(&claim).await.unwrap(), claim) });
    }
    let claimed = claimants.join_all().await;
    let winner = log.recoveries(&key, 1).await.unwrap().attempts.remove(0).claim;
    for (claimed, claim) in claimed {
        let expected = if claim == winner { Claimed::Ours } else { Claimed::Taken };
        assert_eq!(claimed, expected);
    }
}

/// A later outcome changes nothing.
pub async fn the_first_outcome_of_an_attempt_stays<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let claim = a_claim(&key, 2, 1);
    log.claim_recovery(&claim).await.unwrap();
    let first = a_full_record(&claim);
    log.record_recovery(&first).await.unwrap();
    log.record_recovery(&first).await.unwrap();
    log.record_recovery(&claim.ended(Outcome::gave_up("Late", "noticed too late"), at(9))).await.unwrap();
    assert_eq!(log.recoveries(&key, 10).await.unwrap().attempts, [RecoveryAttempt { claim, ended: Some(first) }]);
}

/// By version, then by number; as texts, 10 sorts before 2 unless the adapter pads the numbers.
pub async fn attempts_come_newest_first_whatever_the_order_of_writing<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let places = [(2, 1), (12, 1), (2, 10), (2, 2), (100, 3), (12, 2)];
    for (version, attempt) in places {
        log.claim_recovery(&a_claim(&key, version, attempt)).await.unwrap();
        if attempt < 3 {
            log.record_recovery(&a_full_record(&a_claim(&key, version, attempt))).await.unwrap();
        }
    }
    let expected = [(100, 3), (12, 2), (12, 1), (2, 10), (2, 2), (2, 1)];
    for limit in 1..=7 {
        let attempts = log.recoveries(&key, limit).await.unwrap().attempts;
        let found: Vec<_> = attempts.iter().map(|it| (it.claim.version.get(), it.claim.attempt)).collect();
        assert_eq!(found, expected[..limit.min(expected.len())], "at most {limit}");
        assert!(attempts.iter().all(|it| it.ended.is_some() == (it.claim.attempt < 3)), "at most {limit}");
    }
    assert_eq!(log.recoveries(&key, 0).await.unwrap().attempts, []);
}

/// Each once, whatever the size of the pages, and a claim with its outcome.
pub async fn attempts_are_paged_oldest_first<L: RecoveryLog>(log: L) {
    let key = a_fresh_key();
    let places = [(12, 1), (2, 10), (100, 3), (2, 1), (2, 2), (12, 2)];
    for (version, attempt) in places {
        let claim = a_claim(&key, version, attempt);
        log.claim_recovery(&claim).await.unwrap();
        if attempt < 3 {
            log.record_recovery(&a_full_record(&claim)).await.unwrap();
        }
    }
    let expected = [(2, 1), (2, 2), (2, 10), (12, 1), (12, 2), (100, 3)].map(|(at_version, attempt)| {
        let claim = a_claim(&key, at_version, attempt);
        let outcome = (attempt < 3).then(|| Ok(a_full_record(&claim)));
        KeptRecovery { claim: Some(Ok(claim)), outcome, ..KeptRecovery::named((version(at_version), attempt)) }
    });
    for limit in 1..=7 {
        let (mut seen, mut after): (Vec<KeptRecovery>, _) = (Vec::new(), None);
        loop {
            let page = log.recoveries_after(&key, after, limit).await.unwrap();
            let is_last = page.len() < limit;
            seen.extend(page);
            after = seen.last().map(KeptRecovery::place);
            if is_last {
                break;
            }
        }
        assert_eq!(seen, expected, "{limit} a page");
    }
    assert_eq!(log.recoveries_after(&a_fresh_key(), None, 5).await.unwrap(), []);
}

/// They are stored next to the versions, never among them.
pub async fn recoveries_change_no_version_and_are_no_refusals<L: RecoveryLog + WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let claim = a_claim(&key, 1, 1);
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), None, "a claim makes no workflow");
    let first = a_created_of(&key);
    let second = a_move(&first, State::Active);
    log.append(&first).await.unwrap();
    log.append(&second).await.unwrap();
    log.claim_recovery(&a_claim(&key, 2, 1)).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), Some(second.clone()));
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), [first, second]);
    assert_eq!(log.versions(&key, version(3), 10).await.unwrap(), []);
    assert_eq!(log.refusals(&key, None, 10).await.unwrap(), []);
}

/// Neither a tenant's nor an id's beginning is the whole of it.
pub async fn recoveries_of_workflows_are_kept_apart<L: RecoveryLog>(log: L) {
    let (one, other) = (a_fresh_key(), a_fresh_key());
    log.claim_recovery(&a_claim(&one, 1, 1)).await.unwrap();
    assert_eq!(log.recoveries(&other, 10).await.unwrap().attempts, []);
}
