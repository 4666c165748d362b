//! The OpenAPI description of export-records.

use alims_domain::activity::ActivityKind;
use alims_domain::timestamp::Timestamp;
use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use alims_edge::wire::{Export, export_example};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let complete = responses::json_of::<Export>(export_example());
    let running = responses::json_of::<Export>(running());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "Export records as an archive",
        description: "Makes an archive of all entries of a workflow, or of those of a period: the records, a signed manifest, \
                      a program that checks both without this service, and a document to print. Send `workflow_id`, or \
                      `from` and `to`. Fewer than 500 entries are exported within the request; a larger export continues after \
                      the answer, up to 1,000,000 entries. The export stands in the activity as `RecordsExported` before \
                      the archive can be downloaded. With an `Idempotency-Key`, a repeated request gets the same export.",
        parameters: vec![parameters::idempotency_key(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<ExportRequest>(asked()), Required::True)),
        successes: vec![
            ("200", responses::success("An earlier request with this key had asked for it.", complete.clone()).build()),
            ("201", responses::success("The export is complete.", complete).build()),
            ("202", responses::success("The export runs. Read it until it has ended.", running).build()),
        ],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::NothingToExport,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
        ],
        schemas: |schemas| {
            schemas.add::<ExportRequest>();
            schemas.add::<Export>();
        },
    }
}

/// What to export: a workflow, or a period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Every entry of this workflow, and no member of a period. Without it, `from` and `to` are required.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// Entries of this instant or later.
    pub from: Option<Timestamp>,
    /// Entries before this instant. The last minute is left out, because its entries may come late.
    pub to: Option<Timestamp>,
    /// Only what this principal did. Absent: everybody.
    pub principal: Option<String>,
    /// Only entries of this kind. Absent: every kind.
    pub kind: Option<ActivityKind>,
    /// Why you export: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

fn asked() -> Value {
    json!({"workflow_id": "sample-2026-0042", "reason": "Inspection of 2026-11-23."})
}

fn running() -> Value {
    json!({
        "export_id": "019ab000-0000-7000-8000-000000000042", "status": "RUNNING",
        "selection": {"from": "2026-10-01T00:00:00.000Z", "to": "2026-11-01T00:00:00.000Z"},
        "requested_by": "carol", "requested_at": "2026-11-23T09:10:00.000Z", "entries": 500
    })
}
