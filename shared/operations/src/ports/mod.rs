//! The ports of the operations. Each port states the errors that an adapter MUST return.

mod access;
mod activity;
mod anchors;
mod audit;
mod bus;
mod clock;
mod export;
mod failure;
mod index;
mod index_walk;
mod log;
mod overdue;
mod quarantine;
mod recovery;
mod rules;
mod rulesets;
mod sets;
mod signing;
mod walk;

pub use access::AccessPolicy;
pub use activity::{ActivityEntry, ActivityLog, ActivityPage, ActivityPosition, ActivityQuery, KeptEntry};
pub use anchors::{AnchorStore, AnchorWitness, Kept, NewestAnchor};
pub use audit::{AuditEntries, AuditPlace, AuditRecorded};
pub use bus::{BusError, DeadLetter, DeadLetters, EntryRefused, EventBus, RefusedEvent, RefusedForGood};
pub use clock::{Clock, Ids};
pub use export::{
    ARCHIVE_NAME, ArchiveError, ArchiveFormat, ArchiveWriter, ExportCounts, ExportDocument, ExportLink, ExportPlace,
    ExportStarter, ExportStore, ExportUpload, ExportedEntry,
};
pub use failure::{Cause, NewerFormat, StoreError};
pub use index::{
    Advanced, EntryFilter, IndexCount, IndexEntries, IndexPage, IndexPosition, IndexQuery, ListOrder, WorkflowIndex,
    entry_of,
};
pub use index_walk::{IndexPart, IndexWalk, Sought};
pub use log::{AppendError, LogError, VersionsAt, WorkflowLog};
pub use overdue::{DeadlinePosition, DuePart, DueWorkflows, Noted, OverdueLog};
pub use quarantine::QuarantineLog;
pub use recovery::{
    Claimed, EndedHow, ExecutionStatus, RecoveryLog, RecoveryStarter, Start, StarterError, SweepPosition,
    SweepPositions,
};
pub use rules::{RulesUnavailable, TransitionRules};
pub use rulesets::{ListedRule, ListedRuleset, RulesEngine, Rulesets};
pub use sets::{DecisionPorts, PublishPorts, ReadPorts};
pub use signing::{PublicKey, SignatureBytes, SignatureCheck, Signer, SignerError};
pub use walk::{LogWalk, OpenPart, OpenWorkflows, WalkPart, WalkPosition};
