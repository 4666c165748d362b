//! The OpenAPI description of release-workflow.

use alims_domain::quarantine::BreakId;
use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;

use crate::response::ReleaseReport;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let report = responses::json_of::<ReleaseReport>(release_report());
    Described {
        route: &ROUTE,
        tag: Tag::Operate,
        summary: "Release a workflow from quarantine",
        description: "Records that a person releases the named breaks, and only these. The state and the recovery of the \
                      workflow show each `break_id` in `quarantines`; the break of the example exists nowhere. The stored history stays unchanged. When no break is in force, \
                      transitions are possible again. If the newest version is unreadable, the next transition \
                      continues from the newest readable version, and its event says so in `resumes`. A repeated \
                      request by the same person for the same reason gets the first answer; the service ignores an \
                      `Idempotency-Key` here.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<ReleaseRequest>(release_request()), Required::True)),
        successes: vec![("200", responses::success("The released breaks.", report).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::WorkflowNotQuarantined,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::TooManyRefusals,
        ],
        schemas: |schemas| {
            schemas.add::<ReleaseRequest>();
            schemas.add::<ReleaseReport>();
        },
    }
}

/// A request to release a workflow from quarantine.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The `break_id` of each quarantine to release, each once.
    #[schema(value_type = BTreeSet<BreakId>, min_items = 1, max_items = 100)]
    pub breaks: Vec<BreakId>,
    /// The reason: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

fn release_request() -> Value {
    json!({
        "breaks": ["0000000003-5c9e41d0a7b2f3864e1d0c5b8a796f12"],
        "reason": "Version 3 was compared with the instrument's own record: the result is the same."
    })
}

fn release_report() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "version": 4, "repeated": false, "quarantines": [],
        "released": [{
            "break_id": "0000000003-5c9e41d0a7b2f3864e1d0c5b8a796f12",
            "broken_at_version": 3, "fault": "altered", "released_at": "2026-11-23T09:05:00.000Z",
            "requested_by": "sue",
            "reason": "Version 3 was compared with the instrument's own record: the result is the same."
        }]
    })
}
