//! anchor-heads, which a timer calls: signed lists of the log, of which each continues the one before it.

use alims_anchors::FolderAnchors;
use alims_domain::anchor::Finding;
use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_local::Config;
use alims_operations::ports::{AnchorStore, Signer, WorkflowLog};
use alims_operations::verify_anchors::{Ports, VerifiedAnchors, verify_anchors};
use alims_signing::{EcdsaCheck, FileKey};
use alims_testing::builders::{a_created, a_move};
use aws_sdk_dynamodb::types::AttributeValue;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::behind::LOG;
use crate::lab::{Lab, PATIENCE};

fn tenant() -> TenantId {
    "default".parse().unwrap()
}

fn anchors(lab: &Lab) -> FolderAnchors {
    FolderAnchors::new(lab.data.path().join("anchors"))
}

/// Waits until there is an anchor with a number above this one.
async fn anchored(lab: &Lab, above: u64) -> u64 {
    let look = async {
        loop {
            match anchors(lab).newest(&tenant()).await.unwrap() {
                Some(newest) if newest > above => return newest,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("the anchor never came")
}

async fn verified(lab: &Lab) -> VerifiedAnchors {
    let log = DynamoLog::new(lab.dynamodb(), LOG);
    let key = FileKey::load(&lab.data.path().join("signing-key")).unwrap().public_key().await.unwrap();
    let ports = Ports { log, anchors: anchors(lab), check: EcdsaCheck };
    verify_anchors(&ports, &tenant(), &[key], None, |_| ControlFlow::Continue(())).await.unwrap()
}

#[tokio::test]
async fn anchors_continue_each_other_across_a_restart_and_find_a_cut_end() {
    let lab = Lab::open_as(|config| Config { anchor_every: Duration::from_millis(100), ..config }).await;
    let log = DynamoLog::new(lab.dynamodb(), LOG);
    // Older than what an anchor leaves to the next one, whatever the clock of this machine says.
    let created = a_created("anchored");
    for version in [&created, &a_move(&created, State::Active)] {
        log.append(version).await.unwrap();
    }
    let newest = anchored(&lab, 0).await;
    let lab = lab.restarted().await;
    anchored(&lab, newest).await;
    let sound = verified(&lab).await;
    assert_eq!((sound.entries, &sound.findings), (2, &Vec::new()), "{sound:?}");
    assert!(sound.newest > newest);

    let key = [("pk", "default#anchored"), ("entry", "v#0000000002")];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
    lab.dynamodb().delete_item().table_name(LOG).set_key(Some(key)).send().await.unwrap();
    let cut = verified(&lab).await;
    let faults: Vec<(&str, u64)> = cut.findings.iter().map(|found| (Finding::fault(found), found.number())).collect();
    assert_eq!((cut.entries, faults), (1, vec![("end-cut", 1)]));
}
