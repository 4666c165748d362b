//! A recorded review.

use alims_domain::audit_entry::SealedAuditEntry;
#[cfg(feature = "openapi")]
use alims_domain::audit_entry::schema::AuditTrailReviewedEntry;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_operations::review_audit_trail::Reviewed;
use serde::Serialize;

/// A recorded review: 201, or 200 when an earlier request with the same key had recorded it.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn recorded(reviewed: Reviewed) -> Result<Answer, Problem> {
    let Reviewed { entry, repeated } = reviewed;
    let answer = Answer::ok(&ReviewReport { entry, repeated })?;
    Ok(if repeated { answer } else { answer.created() })
}

/// A recorded review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewReport {
    /// The record, as the activity shows it.
    #[cfg_attr(feature = "openapi", schema(value_type = AuditTrailReviewedEntry))]
    pub entry: Box<SealedAuditEntry>,
    /// Whether an earlier request with the same key had recorded it.
    pub repeated: bool,
}
