//! The OpenAPI document: each operation describes itself with these, and [`document`] puts them together.

mod described;
mod document;

pub mod examples;
pub mod parameters;
pub mod responses;
pub mod schemas;

pub use described::Described;
pub use document::document;
