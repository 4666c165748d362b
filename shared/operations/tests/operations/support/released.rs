//! A published workflow with a gap that was released.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::BreakFound;
use alims_domain::stored_version::StoredVersion;
use alims_operations::PublishPorts;
use alims_operations::ports::QuarantineLog;
use alims_testing::builders::{a_key, a_quarantine, a_release, version};
use alims_testing::{MemoryBus, MemoryIndex, MemoryLog};

use crate::support::stream::{filled, first_appearances};

/// The workflow that [`filled`] makes of one length.
pub(crate) const W: &str = "w-00";

pub(crate) type InMemory = PublishPorts<MemoryLog, MemoryIndex, MemoryBus>;

/// One workflow with so many versions, all of them published; the bus is empty.
pub(crate) async fn published(versions: usize) -> (InMemory, Vec<StoredVersion>) {
    let (log, stored) = filled(&[versions]).await;
    let index = MemoryIndex::default();
    index.overwrite(IndexEntry::from(&stored[versions - 1].event));
    (PublishPorts { log, index, bus: MemoryBus::default() }, stored)
}

pub(crate) async fn release(log: &MemoryLog, found: &BreakFound) {
    log.record_quarantine(&a_quarantine(&a_key(W), found)).await.unwrap();
    log.record_quarantine(&a_release(&a_key(W), found)).await.unwrap();
}

/// Version 3 is gone, or cannot be read, and that was released.
pub(crate) async fn with_released_gap(fault: BreakKind) -> InMemory {
    let (ports, _) = published(5).await;
    let content = if fault == BreakKind::Missing {
        ports.log.remove(&a_key(W), version(3));
        ChainHash::genesis()
    } else {
        ports.log.damage(&a_key(W), version(3), "a bit fell over");
        MemoryLog::content_of_damaged("a bit fell over")
    };
    release(&ports.log, &BreakFound::new(version(3), fault, content)).await;
    ports
}

pub(crate) fn on_the_bus(ports: &InMemory) -> Vec<u64> {
    first_appearances(&ports.bus).remove(&a_key(W)).unwrap_or_default()
}
