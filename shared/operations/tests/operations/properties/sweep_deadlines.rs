//! Due dates that are set, removed and set back, states, faults, clocks and an index that lags, at random: one record of
//! each workflow and due date, and in the end of every one that is overdue.

use alims_domain::lifecycle::State;
use alims_operations::sweep_deadlines::{Ports, sweep_deadlines};
use alims_testing::{CallFault, Faulty, MemoryIndex, Script};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

use crate::support::stream::fault;
use crate::sweep_deadlines::{Bench, NOW};

#[derive(Clone, Debug)]
enum Step {
    /// A version, which the index hears of now or later.
    Version { workflow: usize, state: usize, due_at: Option<i64>, published: bool },
    /// The index hears of the newest version.
    Publish(usize),
    /// A sweep by a clock that is so far off, of which one call may fail.
    Sweep { skew: i64, fails: Option<(usize, CallFault)> },
}

fn step() -> impl Strategy<Value = Step> {
    let due_at = prop::option::of(prop_oneof![Just(NOW - 1000), Just(NOW - 500), Just(NOW), Just(NOW + 60_000)]);
    prop_oneof![
        3 => (0_usize..4, 0_usize..6, due_at, any::<bool>())
            .prop_map(|(workflow, state, due_at, published)| Step::Version { workflow, state, due_at, published }),
        1 => (0_usize..4).prop_map(Step::Publish),
        3 => (prop_oneof![Just(0_i64), Just(-800), Just(90_000)], prop::option::of((0_usize..20, fault())))
            .prop_map(|(skew, fails)| Step::Sweep { skew, fails }),
    ]
}

async fn swept(bench: &Bench, skew: i64, fails: Option<(usize, CallFault)>) {
    let script = fails.map_or_else(Script::default, |(call, fault)| Script::failing(call, fault));
    let Ports { log, index, clock, ids } = bench.sweeping(NOW + skew);
    let (log, index) = (Faulty::new(log, &script), Faulty::new(index, &script));
    drop(sweep_deadlines(&Ports { log, index, clock, ids }).await);
}

proptest! {
    #![proptest_config(super::cases(128))]

    #[test]
    fn a_due_date_of_a_workflow_has_one_record_and_none_without_a_reason(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench { index: MemoryIndex::default().walking_at_most(2), ..Bench::default() };
            let name = |number: usize| format!("w-{number}");
            // What a version in an open state ever said, and the first record that each due date had.
            let (mut said, mut first) = (BTreeSet::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Version { workflow, state, due_at, published } => {
                        let state = State::ALL[state];
                        bench.unpublished(&name(workflow), state, due_at);
                        said.extend(due_at.filter(|_| !state.is_closed()).map(|due_at| (workflow, due_at)));
                        if published {
                            bench.publish(&name(workflow));
                        }
                    }
                    Step::Publish(workflow) if bench.head(&name(workflow)).is_some() => bench.publish(&name(workflow)),
                    Step::Publish(_) => {}
                    Step::Sweep { skew, fails } => swept(&bench, skew, fails).await,
                }
                for workflow in 0..4 {
                    for record in bench.records(&name(workflow)).await {
                        let due_at = record.due_at;
                        prop_assert!(record.timestamp >= due_at && !record.current_state.is_closed(), "{record:?}");
                        let there = first.entry((workflow, due_at)).or_insert_with(|| record.clone());
                        prop_assert_eq!(&*there, &record, "the first one stays");
                    }
                }
            }
            for workflow in (0..4).filter(|workflow| bench.head(&name(*workflow)).is_some()) {
                bench.publish(&name(workflow));
            }
            // What a sweep was interrupted in, and then everything.
            swept(&bench, 0, None).await;
            swept(&bench, 0, None).await;
            for workflow in 0..4 {
                let Some(head) = bench.head(&name(workflow)) else { continue };
                let recorded = bench.recorded(&name(workflow)).await;
                prop_assert!(recorded.iter().all(|due_at| said.contains(&(workflow, *due_at))), "{recorded:?}");
                let due_at = head.event.due_at.map(|due_at| due_at.unix_millis() - alims_testing::builders::at(0).unix_millis());
                if let Some(due_at) = due_at.filter(|due_at| *due_at <= NOW && !head.event.to_state.is_closed()) {
                    prop_assert!(recorded.contains(&due_at), "{due_at} is not in {recorded:?}");
                }
            }
            Ok(())
        })?;
    }
}
