//! A rebuild that fails, is killed or is stopped anywhere, and is begun again.

use alims_operations::{PublishPorts, RebuildIndexError, Rebuilt, rebuild_index};
use alims_testing::{CallFault, Script};
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::Poll;
use tokio::task::yield_now;

use crate::rebuild_index::{History, after, options, past};
use crate::support::stream::Polite;

/// Enough of everything, over several parts of the walk and with workflows that lie in more than one.
const ALL_SORTS: [History; 6] = [
    History { versions: 3, published: 3, entry: Entry::Right },
    History { versions: 5, published: 2, entry: Entry::Right },
    History { versions: 4, published: 3, entry: Entry::Lost },
    History { versions: 4, published: 2, entry: Entry::Spoilt },
    History { versions: 5, published: 3, entry: Entry::Claiming(2) },
    History { versions: 1, published: 1, entry: Entry::Lost },
];

/// How many versions of each of them are old; all of those were published.
const OLD: usize = 2;

#[tokio::test]
async fn a_workflow_that_lies_in_many_parts_of_the_walk_is_looked_at_once() {
    let past = past(&ALL_SORTS).await;
    let ports = PublishPorts { log: past.log.clone().walking_at_most(1), ..past.ports() };
    assert_eq!(rebuild_index(&ports, &options(after(OLD)), go_on).await.unwrap().workflows, 6);
    past.assert_in_order();
}
use super::{Entry, go_on};

#[tokio::test]
async fn a_rebuild_that_failed_at_any_step_ends_the_same_when_begun_again() {
    let attempt = async |script: &Script| {
        let past = past(&ALL_SORTS).await;
        let mut runs = 0;
        loop {
            runs += 1;
            match rebuild_index(&past.faulty(script), &options(after(OLD)), go_on).await {
                Ok(rebuilt) if rebuilt.findings_total == 0 => break,
                Ok(_) | Err(RebuildIndexError::Log(_) | RebuildIndexError::Index(_)) => {
                    assert!(runs < 3, "one fault must not need a third run");
                }
            }
        }
        past.assert_in_order();
    };
    let script = Script::default();
    attempt(&script).await;
    let calls = script.calls().len();
    assert!(calls > 30, "{:?}", script.calls());
    for call in 0..calls {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

/// Polls a future so many times at most and then drops it, as the end of a process does.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(done) = polled {
            return Some(done);
        }
        // Who is polled within it is woken by the runtime.
        yield_now().await;
    }
    None
}

#[tokio::test]
async fn a_rebuild_that_was_killed_at_any_step_ends_the_same_when_begun_again() {
    for polls in 1.. {
        let past = past(&ALL_SORTS).await;
        let ports = PublishPorts {
            log: past.log.clone().walking_at_most(4),
            index: Polite(past.index.clone()),
            bus: Polite(past.bus.clone()),
        };
        let ended = killed_after(polls, rebuild_index(&ports, &options(after(OLD)), go_on)).await.is_some();
        assert_eq!(past.rebuild(after(OLD)).await.findings_total, 0);
        past.assert_in_order();
        if ended {
            assert!(polls > 20, "{polls} polls: there was nothing to interrupt");
            return;
        }
    }
}

#[tokio::test]
async fn a_rebuild_that_is_stopped_has_done_what_it_reported_and_may_be_begun_again() {
    let mut told_at_most = 0;
    for stop_after in 1.. {
        let past = past(&ALL_SORTS).await;
        let ports = PublishPorts { log: past.log.clone().walking_at_most(4), ..past.ports() };
        let mut told = Vec::new();
        let stop = |rebuilt: &Rebuilt| {
            told.push(rebuilt.clone());
            if told.len() == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let stopped = rebuild_index(&ports, &options(after(OLD)), stop).await.unwrap();
        assert!(told.len() <= stop_after);
        assert_eq!(told.last(), Some(&stopped));
        past.rebuild(after(OLD)).await;
        past.assert_in_order();
        if told.len() < stop_after {
            break;
        }
        told_at_most = stop_after;
    }
    assert!(told_at_most > 3, "{told_at_most}: it cannot be stopped in between");
}
