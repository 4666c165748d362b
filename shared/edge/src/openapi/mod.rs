//! The OpenAPI document: each operation describes itself with these types, and [`document`] combines the descriptions.

mod described;
mod document;
mod failure;

pub mod examples;
pub mod gateway;
pub mod parameters;
pub mod problems;
pub mod responses;
pub mod schemas;
mod tag;

pub use described::Described;
pub use document::document;
pub use failure::Failure;
pub use tag::Tag;
