//! The workflow log and the workflow index on Amazon DynamoDB.
//!
//! Only this crate knows items, keys and tables. Every item that it reads must have the one spelling that it writes. So
//! this crate or the hash chain detects an altered item and never takes it for data.

mod activity;
mod activity_item;
mod audit;
mod batch;
mod change;
mod client;
mod count;
mod due;
mod failure;
mod index;
mod index_item;
mod index_table;
mod index_walk;
mod item;
mod item_hash;
mod list;
mod log;
mod lookup;
mod overdue;
mod pages;
mod positions;
mod record_items;
mod records;
mod refusal_item;
mod stream;
pub mod tables;
mod terms;
mod version_item;
mod walk;

pub use aws_sdk_dynamodb::Client;
pub use client::{OPERATION_TIMEOUT, client, patient_client};
pub use index_table::DynamoIndex;
pub use list::EVALUATED_ENTRIES_MAX;
pub use log::DynamoLog;
pub use stream::{publish_batch, stream_record};
