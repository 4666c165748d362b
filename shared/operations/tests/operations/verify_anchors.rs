//! The verification of anchors: each bad anchor and each contradiction of the log has its finding, and a sound log none.

use alims_domain::anchor::{AnchorFault, Anchored, Finding, LogFault, Manifest, SignedAnchor, key_id};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_operations::anchor_heads::anchor_heads;
use alims_operations::ports::WorkflowLog;
use alims_operations::verify_anchors::{Ports, Remembered, VerifiedAnchors, VerifyAnchorsError, verify_anchors};
use alims_testing::builders::{a_created, a_key, at};
use alims_testing::{MemoryAnchors, MemoryLog, NamedKey, NamedKeyCheck};
use std::ops::ControlFlow;

use crate::anchor_heads::{Bench, tenant};

const DAY: i64 = 24 * 3_600_000;

/// A workflow in the first of three anchors.
async fn anchored() -> Bench {
    let bench = Bench::default();
    bench.with_a_workflow("w").await;
    for day in 1..=3 {
        bench.run(day * DAY).await;
    }
    bench
}

fn ports(bench: &Bench) -> Ports<MemoryLog, MemoryAnchors, NamedKeyCheck> {
    Ports { log: bench.log.clone(), anchors: bench.anchors.clone(), check: NamedKeyCheck }
}

async fn verified(bench: &Bench, remembered: Option<&Remembered>) -> VerifiedAnchors {
    let keys = [NamedKey("the key").public()];
    verify_anchors(&ports(bench), &tenant(), &keys, remembered, |_| ControlFlow::Continue(())).await.unwrap()
}

/// The faults of what is found, with the numbers of the anchors.
async fn found(bench: &Bench) -> Vec<(u64, &'static str)> {
    verified(bench, None).await.findings.iter().map(|finding| (finding.number(), finding.fault())).collect()
}

fn resigned(manifest: &Manifest, key: NamedKey) -> Vec<u8> {
    let text = manifest.to_text().unwrap();
    let signature = key.signature(text.as_bytes());
    SignedAnchor::new(text, &signature.0).to_bytes().unwrap()
}

#[tokio::test]
async fn nothing_is_found_in_a_log_that_only_the_service_has_written() {
    let bench = anchored().await;
    bench.with_a_workflow("later").await;
    // Its versions are as old as those of the other one: the activity shows them where they say they are.
    let verified = verified(&bench, None).await;
    let added: Vec<_> = verified.findings.iter().map(Finding::fault).collect();
    assert_eq!(added, ["entry-added"; 4], "an entry that is dated back is found");
    assert_eq!((verified.newest, verified.anchors, verified.entries), (3, 3, 4));
    let bench = anchored().await;
    assert_eq!(found(&bench).await, []);
    assert_eq!(found(&Bench::default()).await, [(1, "anchor-missing")], "without anchors nothing was verified");
}

#[tokio::test]
async fn a_file_of_a_stranger_is_found_and_neither_delays_the_verification_nor_stops_the_anchors() {
    let bench = anchored().await;
    bench.anchors.overwrite(&tenant(), u64::MAX - 1, bench.anchors.bytes(&tenant(), 1));
    bench.run(4 * DAY).await;
    assert_eq!(bench.anchors.manifest(&tenant(), 4).from, bench.anchors.manifest(&tenant(), 3).until);
    let found = found(&bench).await;
    assert_eq!((found[0], found[found.len() - 1]), ((5, "anchor-missing"), (u64::MAX - 1, "anchor-out-of-order")));
    // In the place of the next anchor it stands in the way, and the run says so.
    bench.anchors.overwrite(&tenant(), 5, b"no anchor".to_vec());
    let run = anchor_heads(&bench.ports(5 * DAY), &[tenant()]).await.unwrap();
    assert!(run.failed[0].1.contains("number 5"), "{}", run.failed[0].1);
}

#[tokio::test]
async fn each_bad_anchor_has_its_finding() {
    let bench = anchored().await;
    let first = bench.anchors.manifest(&tenant(), 1);
    bench.anchors.remove(&tenant(), 2);
    assert_eq!(found(&bench).await, [(2, "anchor-missing")]);
    let gap = verified(&bench, None).await;
    let last = gap.last.map(|last| last.number.get());
    assert_eq!((gap.until, last), (Some(first.until), Some(3)), "behind a gap nothing is covered without one");

    let bench = anchored().await;
    let (second, third) = (bench.anchors.bytes(&tenant(), 2), bench.anchors.bytes(&tenant(), 3));
    bench.anchors.overwrite(&tenant(), 2, third);
    bench.anchors.overwrite(&tenant(), 3, second);
    assert_eq!(found(&bench).await, [(2, "anchor-out-of-order"), (3, "anchor-out-of-order")]);

    for odd in ["", "no anchor", "{}", r#"{"manifest":"{}","signature":""}"#, r#"{"manifest":1,"signature":2}"#] {
        let bench = anchored().await;
        bench.anchors.overwrite(&tenant(), 2, odd.as_bytes().to_vec());
        assert_eq!(found(&bench).await, [(2, "anchor-altered")], "{odd}");
    }

    let bench = anchored().await;
    let text = String::from_utf8(bench.anchors.bytes(&tenant(), 1)).unwrap();
    for (from, to) in [("default", "defiant"), ("w#", "x#"), ("\\\"format\\\":1", "\\\"format\\\": 1")] {
        assert!(text.contains(from), "{from}");
        bench.anchors.overwrite(&tenant(), 1, text.replacen(from, to, 1).into_bytes());
        assert_eq!(found(&bench).await, [(1, "anchor-altered")], "{from}");
    }
}

#[tokio::test]
async fn an_anchor_that_is_signed_anew_is_found_by_its_key_its_place_or_the_anchor_behind_it() {
    let bench = anchored().await;
    let second = bench.anchors.manifest(&tenant(), 2);
    let forger = NamedKey("the forger's key");
    let theirs = Manifest { key: key_id(&forger.public().0), ..second.clone() };
    bench.anchors.overwrite(&tenant(), 2, resigned(&theirs, forger));
    assert_eq!(found(&bench).await, [(2, "anchor-of-another-key")]);

    // It names the right key, and that did not sign it.
    bench.anchors.overwrite(&tenant(), 2, resigned(&second, forger));
    assert_eq!(found(&bench).await, [(2, "anchor-altered")]);

    // With the signing key itself: another content breaks the link of the next one.
    let shorter = Manifest { until: second.from.later_by_seconds(1), ..second.clone() };
    bench.anchors.overwrite(&tenant(), 2, resigned(&shorter, NamedKey("the key")));
    assert_eq!(found(&bench).await, [(3, "anchor-out-of-order")]);
    let unlinked = Manifest { previous: ChainHash::genesis(), ..second.clone() };
    bench.anchors.overwrite(&tenant(), 2, resigned(&unlinked, NamedKey("the key")));
    assert_eq!(found(&bench).await, [(2, "anchor-unlinked"), (3, "anchor-unlinked")]);

    let of_another = Manifest { tenant_id: "another".parse().unwrap(), ..second };
    bench.anchors.overwrite(&tenant(), 2, resigned(&of_another, NamedKey("the key")));
    assert_eq!(found(&bench).await, [(2, "anchor-out-of-order")]);
}

#[tokio::test]
async fn anchors_that_were_all_made_anew_with_the_signing_key_are_found_by_the_one_that_is_remembered() {
    let bench = anchored().await;
    let remembered = verified(&bench, None).await.last.unwrap();
    assert_eq!(remembered.number.get(), 3);
    assert_eq!(verified(&bench, Some(&remembered)).await.findings, []);
    let forged = Bench::default();
    for day in 1..=3 {
        forged.run(day * DAY).await;
    }
    assert_eq!(found(&forged).await, []);
    let finding = |number| Finding::Anchor { number, fault: AnchorFault::NotRemembered };
    assert_eq!(verified(&forged, Some(&remembered)).await.findings, [finding(3)]);
    bench.anchors.remove(&tenant(), 3);
    assert_eq!(verified(&bench, Some(&remembered)).await.findings, [finding(3)], "the newest anchor was removed");
}

#[tokio::test]
async fn an_anchor_of_a_newer_release_is_an_error_and_no_finding() {
    let bench = anchored().await;
    let newer = SignedAnchor::new(r#"{"format":2}"#.to_owned(), b"").to_bytes().unwrap();
    bench.anchors.overwrite(&tenant(), 2, newer);
    let keys = [NamedKey("the key").public()];
    let verified = verify_anchors(&ports(&bench), &tenant(), &keys, None, |_| ControlFlow::Continue(())).await;
    assert!(matches!(verified, Err(VerifyAnchorsError::NewerFormat { number: 2, format: 2 })), "{verified:?}");
}

#[tokio::test]
async fn a_verification_that_is_interrupted_says_what_it_has_found_so_far() {
    let bench = anchored().await;
    let keys = [NamedKey("the key").public()];
    let stop = |so_far: &VerifiedAnchors| {
        if so_far.entries > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = verify_anchors(&ports(&bench), &tenant(), &keys, None, stop).await.unwrap();
    assert_eq!((stopped.anchors, stopped.entries, stopped.newest), (1, 4, 3));
}

#[tokio::test]
async fn the_log_is_asked_for_a_version_that_its_activity_does_not_show() {
    let bench = anchored().await;
    let (key, version) = (a_key("w"), Version::try_from(2).unwrap());
    // The same workflow, with one more version than the anchors name.
    let first = bench.anchors.manifest(&tenant(), 1);
    let stored = bench.log.entries(&key).0.remove(0);
    let leaf = |version: u64, hash: &ChainHash| alims_domain::anchor::Leaf {
        entry: format!("w#not shown {version}"),
        at: at(0),
        workflow_id: Some(key.workflow_id.clone()),
        version: Version::try_from(version).ok(),
        hash: hash.clone(),
    };
    let more = [
        leaf(1, &stored.event.hash),
        leaf(1, &ChainHash::genesis()),
        leaf(version.get(), &ChainHash::genesis()),
        leaf(9, &ChainHash::genesis()),
    ];
    for (more, expected) in
        more.into_iter().zip([None, Some(LogFault::Forged), Some(LogFault::Altered), Some(LogFault::EndCut)])
    {
        let anchored = Anchored {
            tenant_id: tenant(),
            number: 1,
            from: first.from,
            until: first.until,
            previous: ChainHash::genesis(),
            key: first.key.clone(),
        };
        let leaves = first.leaves.iter().cloned().chain([more]).collect();
        let manifest = Manifest::new(anchored, leaves).unwrap();
        let only = Bench { log: bench.log.clone(), ..Bench::default() };
        only.anchors.overwrite(&tenant(), 1, resigned(&manifest, NamedKey("the key")));
        let findings = verified(&only, None).await.findings;
        let faults: Vec<_> = findings.iter().map(Finding::fault).collect();
        assert_eq!(faults, expected.map(LogFault::as_str).into_iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_workflow_without_any_entry_left_is_a_cut_end() {
    let bench = Bench::default();
    bench.log.append(&a_created("gone")).await.unwrap();
    bench.run(DAY).await;
    let emptied = Bench { anchors: bench.anchors.clone(), ..Bench::default() };
    assert_eq!(found(&emptied).await, [(1, "end-cut")]);
}
