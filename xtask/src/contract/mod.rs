//! The contract in the hands of others: a linter, generators of clients, and a tester that knows nothing but
//! `openapi.yaml`.

pub(crate) mod clients;
pub(crate) mod conformance;
