//! The interface as a whole: requests read, problems and answers rendered, and the document that describes both.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken expectation must fail the test, in a function beside the tests as well"
)]

mod addresses;
mod document;
mod list_filters;
mod member_names;
mod problems;
mod readers;
mod rendering;
mod time;
mod values;
