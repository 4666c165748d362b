//! The OpenAPI document: each operation describes itself with these types, and [`document`] combines the descriptions.

mod described;
mod document;

pub mod examples;
pub mod parameters;
pub mod responses;
pub mod schemas;

pub use described::Described;
pub use document::document;
