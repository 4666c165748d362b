//! What is altered between the turns of a recovery, behind its back, is not built on.

use alims_domain::lifecycle::State;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::recovery_step::recovery_step;
use alims_testing::RulesThatAllow;

use crate::support::site::{Site, alter, carried_out, claimed, status};

/// A recovery of a failed workflow, as far as it comes before this turn.
async fn before(site: &Site, turn: Next) -> RecoveryDocument {
    let mut document = claimed(site, 3, 1).await;
    while document.next != turn {
        document = recovery_step(&site.with(RulesThatAllow), document).await.unwrap();
    }
    document
}

#[tokio::test]
async fn a_newest_version_that_is_altered_after_the_assessment_is_quarantined_and_not_built_on() {
    for turn in [Next::AskRules, Next::Apply] {
        let site = Site::failed().await;
        let document = before(&site, turn).await;
        alter(&site, 3, "forged");
        let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
        assert_eq!((status(&ended), site.head().version.get()), (OutcomeStatus::Quarantined, 3), "before {turn:?}");
    }
}

#[tokio::test]
async fn a_newer_version_than_the_one_that_was_assessed_is_assessed_before_it_is_built_on() {
    let site = Site::failed().await;
    let document = before(&site, Next::AskRules).await;
    site.goes(State::Active).await;
    alter(&site, 2, "forged");
    site.goes(State::Failed).await;
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((status(&ended), site.head().version.get()), (OutcomeStatus::Quarantined, 5));
}
