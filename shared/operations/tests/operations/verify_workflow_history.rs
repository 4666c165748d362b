//! Verifying a history from its first version to its end.

use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::lifecycle::State;
use alims_operations::verify_workflow_history::{Ports, verify_workflow_history};
use alims_operations::{ReadPorts, ReadWorkflowError};
use alims_testing::builders::{a_key, version};
use alims_testing::{EverybodyMay, MemoryIndex, MemoryLog};
use std::sync::Arc;

use crate::alice;
use crate::release_workflow::released;
use crate::support::site::{Site, moved, w};

/// The ports over this log and an empty index.
pub(crate) fn verifying(store: MemoryLog) -> Ports<MemoryLog, MemoryIndex> {
    Ports { reading: ReadPorts { store, policy: Arc::new(EverybodyMay) }, index: MemoryIndex::default() }
}

#[tokio::test]
async fn a_verification_reports_a_released_unreadable_version_for_ever() {
    let site = damaged(4, &[4]).await;
    released(&site, "sue", "version 4 is lost").await.unwrap();
    moved(&site, State::Active).await.unwrap();
    let reading = verifying(site.log.clone());
    let verified = verify_workflow_history(&reading, &alice(), &w()).await.unwrap();
    assert_eq!(verified.broken, Some(Break { at: version(4), fault: BreakKind::Unreadable }));
    assert_eq!(verified.versions_checked, 3);
}

#[tokio::test]
async fn a_verification_that_meets_a_version_of_a_newer_format_is_an_error_and_finds_no_break() {
    for newer in 1..=3 {
        let reading = verifying(newer_in(newer));
        let verified = verify_workflow_history(&reading, &alice(), &"w-0".parse().unwrap()).await;
        assert!(matches!(&verified, Err(ReadWorkflowError::Store(error)) if is_newer(error)), "{verified:?}");
    }
}
use crate::release_workflow::unreadable::damaged;
use crate::support::newer::{is_newer, newer_in};

#[tokio::test]
async fn a_sound_history_is_verified_to_its_end_and_a_missing_version_is_the_break() {
    let (site, id) = (Site::torn(&[State::Active, State::Paused]).await, w());
    let reading = verifying(site.log.clone());
    let sound = verify_workflow_history(&reading, &alice(), &id).await.unwrap();
    assert_eq!((sound.broken, sound.versions_checked), (None, 3));
    site.log.remove(&a_key("w"), version(2));
    let gap = verify_workflow_history(&reading, &alice(), &id).await.unwrap();
    assert_eq!((gap.broken, gap.versions_checked), (Some(Break { at: version(2), fault: BreakKind::Missing }), 1));
}
