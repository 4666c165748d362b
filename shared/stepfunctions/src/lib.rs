//! Recoveries and exports on AWS Step Functions.

mod arn;
mod exports;
mod failure;
mod starter;

pub use arn::InvalidMachineArn;
pub use exports::ExportMachine;
pub use starter::{OPERATION_TIMEOUT, StepFunctionsStarter};
