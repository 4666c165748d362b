//! The OpenAPI document of the contract, from the types that travel.
