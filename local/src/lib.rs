//! The whole service in one process on an embedded DynamoDB, for a laptop.
//!
//! The functions are the same as on Lambda, called with the events that API Gateway and DynamoDB Streams make. This
//! crate adds only their environment: the edge, the stream pump, the bus, and a data folder.

pub mod access_key;
mod account;
mod anchoring;
mod archive;
mod args;
mod background;
mod bus;
pub mod cli;
mod console;
mod containers;
mod database;
mod demo;
mod dynamodb_api;
mod edge;
mod endpoints;
mod exports;
pub mod folder;
mod guard;
pub mod key;
mod listening;
pub mod login;
pub mod mapping;
mod person;
mod printable;
pub mod pump;
mod put_events;
mod recoveries;
mod rules;
mod rules_engine;
mod seed;
mod server;
mod serving;
mod shipped;
mod start_error;
pub mod stream;
pub mod token;

pub use archive::archived_events;
pub use bus::EVENT_SOURCE;
pub use containers::{ContainerHost, ContainerHostInvalid};
pub use database::DatabaseError;
pub use edge::BODY_BYTES_MAX;
pub use edge::elsewhere::{LambdaEndpoint, LambdaEndpointInvalid};
pub use listening::ListenError;
pub use rules_engine::RulesEngine;
pub use server::{Config, Server};
pub use serving::Patience;
pub use start_error::StartError;
