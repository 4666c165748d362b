//! The recovery's state machine: one definition, which is written for AWS Step Functions and runs on a laptop.
//!
//! [`RECOVER_WORKFLOW`] defines the turns, the retries and the time limits. `cargo xtask machine` writes
//! `recover-workflow.asl.json` from it for the deployment; a laptop runs the same value with [`Machine::run`]. A
//! property test interprets the file like AWS does and compares it with the loop.
//!
//! # Who does what in a recovery
//!
//! An *attempt* has a *claim* and at most one *outcome* in the log. An *execution* of the state machine runs it, turn
//! by turn.
//!
//! | who | when | decides | writes |
//! |---|---|---|---|
//! | `recover-workflow` | a person asks | that the person may, and at which version | through `start` |
//! | `recover-failed-workflow` | a retryable failure was published | whether an attempt is left, and its delay | through `start` |
//! | `sweep-workflows` | every hour | whether a workflow needs a recovery | through `start`; the outcome of an attempt whose execution ended without one, or that never started; the quarantine of a break that it finds |
//! | `start` in the operations | one of these three asks | whether to join the attempt that is open or to claim the next | the claim; the outcome `gave-up` of an attempt that it supersedes, or whose execution ended without one |
//! | `RecoveryStarter`, a port | `start` has a claim | nothing: a name is started once | nothing in the log; the execution, in AWS Step Functions or in the memory of a laptop |
//! | the state machine, this crate | the execution is started | when to call `recovery-step`, and whether to call it again | nothing in the log; in the document only `next: record` and the outcome `gave-up`, when no retry is left |
//! | `recovery-step` | the machine calls it, once a try | what the turn does and which is next; when to give up | `assess`, `publish`, `confirm`: the quarantine of a break that is found. `ask-rules`: the refusal, when the rules refuse. `apply`: the version `WorkflowRecovered`. `publish`: events on the bus and the index entry. `record`: the outcome |
//! | a rule on the bus | an execution failed, timed out or was aborted | nothing | its event, in the queue of failed recoveries |
//! | `get-workflow-recovery` | a caller asks | what the claim, the outcome and the execution say together | nothing |
//!
//! The boundary is the document. The machine reads its `delay_seconds` and `next` and knows no workflow; the operations
//! know no retry and no wait.

mod definition;
mod machine;
mod run;

pub use machine::{Jitter, Machine, RECOVER_WORKFLOW, Retry};
pub use run::{Ended, StateError, Timer};
