//! The recovery starter on AWS Step Functions.

mod arn;
mod failure;
mod starter;

pub use arn::InvalidMachineArn;
pub use starter::{OPERATION_TIMEOUT, StepFunctionsStarter};
