//! The OpenAPI description of sign-workflow.

use alims_domain::signature::Meaning;
use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::response::{SignatureDryRun, SignatureResult};
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let outcomes = ["signed", "would-sign"];
    let signed = responses::json_of_either::<SignatureResult, SignatureDryRun>("outcome", outcomes, signature_result());
    let told =
        "The workflow was signed, now or by an earlier request with this key. For a dry run: it would be signed.";
    Described {
        route: &ROUTE,
        tag: Tag::Work,
        summary: "Sign a workflow electronically",
        description: "Checks the policies, your authentication and the rules, in this order, and appends the next version. \
                      It keeps state and data, and adds your signature of exactly the version that you name by `version` \
                      or `If-Match`. Your token must say that you signed in within the last minutes (`auth_time`), and \
                      have your name (`name`); otherwise the answer is 401 with what a new token needs (RFC 9470). \
                      Every later version carries the signature. It is `current` until a version changes metadata or \
                      labels, and then never again. Every state can be signed.",
        parameters: vec![
            parameters::workflow_id(),
            dry_run(),
            parameters::if_match(),
            parameters::idempotency_key(),
            parameters::correlation_id(),
        ],
        body: Some(responses::body(responses::json_of_any::<WorkflowSignature>(signatures()), Required::True)),
        successes: vec![("200", responses::success(told, signed).header("ETag", responses::etag()).build())],
        problems: &[
            ProblemCode::InsufficientUserAuthentication,
            ProblemCode::WorkflowNotFound,
            ProblemCode::AlreadySigned,
            ProblemCode::TooManySignatures,
            ProblemCode::VersionConflict,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::RuleViolation,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::TooManyRefusals,
            ProblemCode::RulesEngineUnavailable,
        ],
        schemas: |schemas| {
            schemas.add::<WorkflowSignature>();
            schemas.add::<SignatureResult>();
            schemas.add::<SignatureDryRun>();
        },
    }
}

/// An electronic signature of one version of a workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowSignature {
    /// What the signature means.
    pub meaning: Meaning,
    /// A remark of the signer: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub comment: Option<String>,
    /// The version that you sign. It may be left out when `If-Match` names one version; if that names versions, this
    /// must be one of them.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub version: Option<u64>,
    /// Extra input for the rules: at most 16 KiB of compact JSON and 32 levels. The service returns it as sent, each
    /// number as the same double. At no level may the name of a field begin with `$serde_json::private::`.
    pub validation_context: Option<Map<String, Value>>,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

/// Decides, and writes nothing.
fn dry_run() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told = "`true` decides the signature and writes nothing, not even a record of a refusal.";
    parameters::parameter("dry_run", ParameterIn::Query, told, schema, json!(true)).build()
}

fn signatures() -> [(&'static str, &'static str, Value); 2] {
    let review = json!({"meaning": "review", "comment": "Compared with the printout.", "version": 3});
    [
        ("review", "Sign version 3 as its reviewer", review),
        ("authorship", "Sign version 2 as its author", json!({"meaning": "authorship", "version": 2})),
    ]
}

fn signature_result() -> Value {
    json!({"outcome": "signed", "workflow": examples::signed_workflow(), "event": examples::signed()})
}
