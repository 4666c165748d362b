//! The HTTP edge: what the handlers of operations share. It knows no operation. Only here are status codes known.
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
