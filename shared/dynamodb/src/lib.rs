//! The workflow log and the workflow index on Amazon DynamoDB.
//!
//! Only this crate knows items, keys and tables. Everything read is held to the one spelling that this crate writes,
//! so that an altered item is noticed here, or by the hash chain, and never taken for data.

mod client;
mod failure;
mod index;
mod index_item;
mod item;
mod list;
mod log;
mod pages;
mod positions;
mod record_items;
mod records;
mod refusal_item;
mod stream;
pub mod tables;
mod version_item;
mod walk;

pub use aws_sdk_dynamodb::Client;
pub use client::{client, patient_client};
pub use index::DynamoIndex;
pub use list::EVALUATED_ENTRIES_MAX;
pub use log::DynamoLog;
pub use stream::{publish_batch, stream_record};
