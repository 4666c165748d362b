//! Every error of the API, with its code, its status and its text for the caller.

mod all;
mod code;
mod document;
mod from_errors;
mod request_fault;

pub use all::{Cause, Problem, RETRY_AFTER_SECONDS, Unsupported};
pub use code::ProblemCode;
pub use document::ProblemDocument;
pub use request_fault::RequestFault;
