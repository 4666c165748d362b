//! One thing that is wrong with a request.

use serde::Serialize;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestFault {
    /// The place in the body, as a JSON pointer (RFC 6901). Absent when the fault is not in the body; `message` then
    /// names the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The fault, and the value that is required.
    pub message: String,
}
