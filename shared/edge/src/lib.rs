//! The HTTP edge: the shared parts of the operations' handlers. It knows no operation. No other crate knows status
//! codes.
//!
//! A handler opens an [`exchange::Exchange`], reads its request with the parts of [`reader`], calls its operation, turns
//! the outcome into an [`answer::Answer`] or a [`problem::Problem`], and closes the exchange.

pub mod answer;
pub mod cursor;
pub mod exchange;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problem;
pub mod reader;
pub mod route;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wire;
