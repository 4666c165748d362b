//! The bodies of answers that several operations share. Absent values are absent, not null.

mod export;
mod fault;
mod history;
mod quarantine;
mod recovery;
mod workflow;

pub use export::{Export, ExportProblem, ExportStatus};
#[cfg(feature = "openapi")]
pub use export::{SelectedRecords, example as export_example};
pub use fault::ChainFault;
pub use history::{EntryKind, HistoryEntry, RecoveryAttempt, RecoveryEventType, UnreadableEntry, UnreadableEventType};
pub use quarantine::QuarantineNotice;
pub use recovery::{RecoveryReport, RecoveryStep, Status};
pub use workflow::{EvaluatedTransition, RulesVerdict, WorkflowState};
