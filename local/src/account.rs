//! The account and the region that the embedded parts claim to be in.

/// The account, in events and in requests as API Gateway hands them over.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The region, in events and for the SDK.
pub(crate) const REGION: &str = "local";
