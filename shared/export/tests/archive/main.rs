//! Archives as auditors get them, and the folder and the bucket that keep them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod altered;
mod canonical;
mod folder;
mod golden;
mod made;
mod report;
mod s3;
