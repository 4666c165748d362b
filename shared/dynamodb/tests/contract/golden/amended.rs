//! The golden items of versions that keep the state, with everything in them that such versions can have. They are of a
//! workflow of their own, so that the head of the other stays what it is.

use alims_domain::authentication::AuthenticatedBy;
use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::hash_chain::is_intact;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::signature::{KeptSignature, Meaning, Signature, Signatures};
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::WorkflowLog;
use alims_operations::publish_events::StreamRecord;
use alims_testing::builders::{sealed, version};
use std::collections::BTreeMap;

use super::{Store, in_stream, item_in, key_of, values};

const AMENDED: &str = "version-amended.json";
const SIGNED: &str = "version-signed.json";
/// Their files.
pub(super) const FILES: [&str; 2] = [AMENDED, SIGNED];

/// Version 4: still FAILED, since version 3.
fn amended() -> StoredVersion {
    let StoredVersion { event, accepted } = values::moved();
    let labels = [("sample", "S-1"), ("rack.no_2", "7 ä")];
    let labels = labels.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let event = WorkflowEvent {
        workflow_id: "w:2".parse().unwrap(),
        event_id: "019ab000-0000-7000-8000-000000000006".to_owned().try_into().unwrap(),
        event_type: EventType::WorkflowAmended,
        version: version(4),
        from_state: Some(State::Failed),
        previous_state: Some(State::Active),
        state_since: Some(version(3)),
        timestamp: "2026-11-28T08:00:03.000Z".parse().unwrap(),
        requested_by: "carol".parse().unwrap(),
        reason: "The result is in.".parse().ok(),
        labels: Labels::new(labels.collect::<BTreeMap<_, _>>()).unwrap(),
        due_at: "2026-12-01T09:00:00.000Z".parse().ok(),
        assignee: "Jörg | lab 2".parse().ok(),
        replaces: "w:0".parse().ok(),
        validation_context: None,
        correlation_id: None,
        previous_hash: event.hash.clone(),
        ..event
    };
    StoredVersion { accepted, ..sealed(event) }
}

/// Version 5: signed by carol, above an older signature that is not current any more.
fn signed() -> StoredVersion {
    let StoredVersion { event, accepted } = amended();
    let signature = |meaning, comment: Option<&str>| Signature {
        meaning,
        signer_name: "Jörg | lab 2".parse().unwrap(),
        roles: ["analyst", "lab:supervisor"].map(|role| role.parse().unwrap()).into(),
        comment: comment.map(|comment| comment.parse().unwrap()),
        signed_version: event.version,
        signed_hash: event.hash.clone(),
        authenticated: AuthenticatedBy {
            auth_time: "2026-11-28T07:59:00.000Z".parse().unwrap(),
            acr: "urn:lab:two-factors".parse().ok(),
            amr: vec!["pwd".parse().unwrap(), "otp".parse().unwrap()],
        },
    };
    let (older, timestamp) = (signature(Meaning::Authorship, None), "2026-11-28T08:00:04.000Z".parse().unwrap());
    let older = KeptSignature { current: false, ..KeptSignature::new(&older, &event.created_by, event.timestamp) };
    let signature = signature(Meaning::Review, Some("Compared\nwith the printout: ä 🧪."));
    let added = KeptSignature::new(&signature, &event.requested_by, timestamp);
    let event = WorkflowEvent {
        event_id: "019ab000-0000-7000-8000-000000000007".to_owned().try_into().unwrap(),
        event_type: EventType::WorkflowSigned,
        version: version(5),
        from_state: Some(State::Failed),
        timestamp,
        reason: None,
        signature: Some(signature),
        signatures: Signatures::try_from(vec![older, added]).unwrap(),
        previous_hash: event.hash.clone(),
        ..event
    };
    StoredVersion { accepted, ..sealed(event) }
}

#[tokio::test]
async fn golden_versions_that_keep_the_state_are_read_as_they_were_written_and_written_as_they_are() {
    for (file, entry, version) in [(AMENDED, "v#0000000004", amended()), (SIGNED, "v#0000000005", signed())] {
        reads_and_writes(file, entry, version).await;
    }
}

async fn reads_and_writes(file: &str, entry: &str, amended: StoredVersion) {
    let item = item_in(file);
    assert!(is_intact(&amended.event));
    assert_eq!(key_of(&item), ["golden-lab#w:2", entry]);
    let key = WorkflowKey { workflow_id: "w:2".parse().unwrap(), ..values::key() };
    let store = Store::of([item.clone()]).await;
    assert_eq!(store.log.head(&key).await.unwrap().as_ref(), Some(&amended));
    assert_eq!(store.log.versions(&key, Version::FIRST, 10).await.unwrap(), std::slice::from_ref(&amended));
    let StreamRecord::Version { version, .. } = in_stream(&item) else { panic!("the publisher cannot read it") };
    assert_eq!(*version, amended);
    let empty = Store::of([]).await;
    empty.log.append(&amended).await.unwrap();
    assert_eq!(empty.items().await.into_values().collect::<Vec<_>>(), [item]);
}
