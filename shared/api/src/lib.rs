//! The HTTP edge: requests in, answers and problems out. Only here are status codes known.
//!
//! A handler opens an [`exchange::Exchange`], reads its request with a function of [`request`], calls the operation
//! of the same name, turns the outcome into an [`answer::Answer`] or a [`problem::Problem`], and closes the exchange.

pub mod answer;
pub mod cursor;
pub mod exchange;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod operations;
pub mod problem;
pub mod request;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wire;
