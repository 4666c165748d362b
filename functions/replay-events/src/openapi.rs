//! The OpenAPI description of replay-events.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;

use crate::response::ReplayReport;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let report = responses::json_of::<ReplayReport>(replay_report());
    Described {
        route: &ROUTE,
        tag: Tag::Operate,
        summary: "Publish a workflow's events again",
        description: "Sends the published events of a workflow to the bus again, in order, each marked `replay: true`. \
                      It skips events that were never published. A long history takes several requests: continue from \
                      `next_version`, which an interrupted replay returns as well.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<ReplayRequest>(replay_request()), Required::True)),
        successes: vec![("202", responses::success("The events that were sent to the bus.", report).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::TooManyRefusals,
        ],
        schemas: |schemas| {
            schemas.add::<ReplayRequest>();
            schemas.add::<ReplayReport>();
        },
    }
}

/// A request to replay events.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The first version whose event is published again; at most the last published version.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub from_version: u64,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

fn replay_request() -> Value {
    json!({"from_version": 1})
}

fn replay_report() -> Value {
    json!({"workflow_id": "sample-2026-0042", "from_version": 1, "to_version": 2, "events_published": 2})
}
