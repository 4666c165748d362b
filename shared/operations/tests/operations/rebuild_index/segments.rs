//! A log that is walked in several segments at the same time: the same result as in one, whatever fails.

use alims_operations::{PublishPorts, RebuildOptions, rebuild_index};
use alims_testing::builders::version;
use alims_testing::{CallFault, Script};
use std::ops::ControlFlow;

use super::{Entry, History, after, go_on, history, key, options, past};

/// Some of everything, so that most segments have something.
fn histories() -> Vec<History> {
    let sorts = [
        history(3, 3, Entry::Right),
        history(5, 2, Entry::Right),
        history(4, 3, Entry::Lost),
        history(4, 3, Entry::Spoilt),
        history(1, 1, Entry::Lost),
    ];
    sorts.into_iter().cycle().take(20).collect()
}

fn in_segments(segments: u16) -> RebuildOptions {
    RebuildOptions { segments, workflows_at_once: 4, ..options(after(2)) }
}

#[tokio::test]
async fn any_number_of_segments_does_and_finds_the_same() {
    let mut seen = Vec::new();
    for segments in [1, 2, 7, 50] {
        let past = past(&histories()).await;
        past.log.remove(&key(0), version(2));
        let ports = PublishPorts { log: past.log.clone().walking_at_most(2), ..past.ports() };
        let mut rebuilt = rebuild_index(&ports, &in_segments(segments), go_on).await.unwrap();
        assert_eq!(rebuilt.segments_ended, segments);
        rebuilt.segments_ended = 0;
        rebuilt.findings.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!((rebuilt.workflows, rebuilt.findings_total), (20, 1), "{rebuilt:?}");
        let indexed: Vec<_> = past.index.all().into_iter().map(|entry| (entry.key, entry.published_version)).collect();
        seen.push((rebuilt, indexed));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

#[tokio::test]
async fn a_rebuild_in_segments_that_failed_at_any_step_ends_the_same_when_begun_again() {
    let histories = &histories()[..6];
    let attempt = async |script: &Script| {
        let past = past(histories).await;
        let mut runs = 0;
        while !rebuild_index(&past.faulty(script), &in_segments(3), go_on).await.is_ok_and(|it| it.findings_total == 0)
        {
            runs += 1;
            assert!(runs < 3, "one fault must not need a third run");
        }
        past.assert_in_order();
    };
    let script = Script::default();
    attempt(&script).await;
    for call in 0..script.calls().len() {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

#[tokio::test]
async fn a_stop_ends_every_segment() {
    let past = past(&histories()).await;
    let ports = PublishPorts { log: past.log.clone().walking_at_most(1), ..past.ports() };
    let mut told = 0;
    let stop = |_: &_| {
        told += 1;
        ControlFlow::Break(())
    };
    let rebuilt = rebuild_index(&ports, &in_segments(4), stop).await.unwrap();
    assert!(told <= 4 && rebuilt.workflows < 20, "each segment stops where it is: {told} times, {rebuilt:?}");
    rebuild_index(&past.ports(), &in_segments(4), go_on).await.unwrap();
    past.assert_in_order();
}
