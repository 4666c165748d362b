//! Publishing under everything a stream and a bus may do: shuffled, repeated and missing notifications, entries refused,
//! calls failed with and without effect, an index that fails, and several publishers at once.

use alims_operations::PublishPorts;
use alims_testing::{Faulty, MemoryBus, MemoryIndex, Script};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::publish_events::assert_complete;
use crate::support::stream::{Polite, deliver, fault, filled, next_put, ring};

/// What a stream may make of the versions of a log: any order, any repetition, anything left out but the last of each
/// workflow, cut into batches.
fn deliveries(lengths: Vec<usize>) -> impl Strategy<Value = (Vec<usize>, Vec<Vec<(usize, usize)>>)> {
    let all: Vec<(usize, usize)> = lengths
        .iter()
        .enumerate()
        .flat_map(|(workflow, length)| (0..*length).map(move |version| (workflow, version)))
        .collect();
    let last: Vec<(usize, usize)> =
        lengths.iter().enumerate().map(|(workflow, length)| (workflow, length - 1)).collect();
    let some = prop::sample::subsequence(all.clone(), 0..=all.len());
    let more = vec(prop::sample::select(all), 0..20);
    (some, more, 1_usize..20)
        .prop_flat_map(move |(some, more, size)| {
            let rung: Vec<(usize, usize)> = some.into_iter().chain(more).chain(last.iter().copied()).collect();
            (Just(rung).prop_shuffle(), Just(size))
        })
        .prop_map(move |(rung, size)| (lengths.clone(), rung.chunks(size).map(<[_]>::to_vec).collect()))
}

proptest! {
    #![proptest_config(super::cases(128))]

    #[test]
    fn first_appearances_are_in_order_and_complete_whatever_stream_bus_and_index_do(
        (lengths, batches) in vec(1_usize..9, 1..14).prop_flat_map(deliveries),
        puts in vec(next_put(), 0..12),
        index_faults in vec((0_usize..20, fault()), 0..5),
        publishers in 1_usize..4,
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (log, versions) = filled(&lengths).await;
            let version_of = |(workflow, version): (usize, usize)| {
                let before: usize = lengths[..workflow].iter().sum();
                &versions[before + version]
            };
            let (bus, index, script) = (MemoryBus::default(), MemoryIndex::default(), Script::default());
            puts.into_iter().for_each(|put| bus.then(put));
            index_faults.into_iter().for_each(|(call, fault)| script.fail(call, fault));
            let index_port = Polite(Faulty::new(index.clone(), &script));
            let ports = PublishPorts { log, index: index_port, bus: Polite(bus.clone()) };
            // Each publisher has a share of the batches, one after another; the publishers run at the same time.
            let work = (0..publishers).map(|publisher| {
                let (ports, batches) = (&ports, &batches);
                async move {
                    for batch in batches.iter().skip(publisher).step_by(publishers) {
                        let records = batch.iter().enumerate().map(|(at, rung)| ring(version_of(*rung), at));
                        deliver(ports, records.collect()).await;
                    }
                }
            });
            futures_util::future::join_all(work).await;
            assert_complete(&bus, &index, &lengths);
        });
    }
}
