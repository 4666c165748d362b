//! The account and the region that the embedded services report.

/// The account, in events and in requests in the form of API Gateway.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The region, in events and for the SDK.
pub(crate) const REGION: &str = "local";
