//! The bodies of answers. Absent values are absent, not null.

mod history;
mod list;
mod quarantine;
mod recovery;
mod replay;
mod verification;
mod workflow;

pub use history::{ANSWER_BYTES_MAX, HistoryEntry, HistoryPage, UnreadableEntry, UnreadableEventType};
pub use list::{WorkflowList, WorkflowSummary};
pub use quarantine::{QuarantineNotice, ReleaseReport, ReleasedBreak};
pub use recovery::{RecoveryReport, RecoveryStep, Status};
pub use replay::ReplayReport;
pub use verification::{ChainFault, Verification};
pub use workflow::{DryRunResult, EvaluatedTransition, RulesVerdict, TransitionResult, WorkflowState};
