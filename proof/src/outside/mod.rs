//! The deployed service as its clients and a subscriber see it: what the scenarios of the end-to-end run wrote down, as
//! traces that TLC judges with `spec/OutsideWorkflowManager.tla`.

pub mod answers;
pub mod check;
pub mod seen;
pub mod tamper;
pub mod trace;
