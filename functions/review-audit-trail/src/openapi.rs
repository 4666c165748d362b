//! The OpenAPI description of review-audit-trail.

use alims_domain::activity::ActivityKind;
use alims_domain::timestamp::Timestamp;
use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;

use crate::response::ReviewReport;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let report = responses::json_of::<ReviewReport>(report());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "Record a review of the audit trail",
        description: "Records that you reviewed the activity of a period, all of it or only that of one principal or of one \
                      kind, and what you found. The record stands in the activity as `AuditTrailReviewed` and is never \
                      changed. A period must be over for a minute, because its last entries may come late. The service \
                      does not check what you have read. With an `Idempotency-Key`, a repeated request records the \
                      review once.",
        parameters: vec![parameters::idempotency_key(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<AuditTrailReview>(review()), Required::True)),
        successes: vec![
            ("200", responses::success("An earlier request with this key had recorded it.", report.clone()).build()),
            ("201", responses::success("The recorded review.", report).build()),
        ],
        problems: &[ProblemCode::IdempotencyKeyReused, ProblemCode::PayloadTooLarge, ProblemCode::UnsupportedMediaType],
        schemas: |schemas| {
            schemas.add::<AuditTrailReview>();
            schemas.add::<ReviewReport>();
        },
    }
}

/// A review of the audit trail of a period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditTrailReview {
    /// Entries of this instant or later.
    pub from: Timestamp,
    /// Entries before this instant, which must be a minute ago or longer.
    pub to: Timestamp,
    /// Only what this principal did. Absent: everybody.
    pub principal: Option<String>,
    /// Only entries of this kind. Absent: every kind.
    pub kind: Option<ActivityKind>,
    /// What you found: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

fn review() -> Value {
    json!({
        "from": "2026-11-01T00:00:00.000Z", "to": "2026-11-23T00:00:00.000Z", "kind": "WorkflowReleased",
        "reason": "Each release has a reason that fits the paper record."
    })
}

fn report() -> Value {
    json!({
        "repeated": false,
        "entry": {
            "event_type": "AuditTrailReviewed", "event_id": "019ab000-0000-7000-8000-000000000022",
            "tenant_id": "default", "timestamp": "2026-11-23T09:10:00.000Z", "requested_by": "carol",
            "reason": "Each release has a reason that fits the paper record.",
            "details": {
                "from": "2026-11-01T00:00:00.000Z", "to": "2026-11-23T00:00:00.000Z", "kind": "WorkflowReleased"
            },
            "hash": "24a9edbb15690f028a046b651c51960536a82e115b632670a486c53ceacfabed"
        }
    })
}
