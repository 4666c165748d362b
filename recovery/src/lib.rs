//! The state machine of a recovery, and an interpreter that runs its definition without AWS.
//!
//! The deployment hands `recover-workflow.asl.json` to AWS Step Functions; a laptop runs the same file here. The
//! interpreter knows exactly what the file uses of the Amazon States Language. Whatever else is written into the file is an
//! error at the start that names the place, so that nothing is silently done otherwise than on AWS.

mod definition;
mod execution;
mod expression;
mod machine;
mod retry;

pub use definition::DefinitionError;
pub use execution::{Ended, StateError, Timer};
pub use machine::Machine;
