//! The answers of the operations: the content of each status.

use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Discriminator, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{OneOfBuilder, RefOr, Required};

use crate::exchange::{CODING, MEDIA_TYPE, PROBLEM_JSON};
use crate::openapi::schemas::reference;
use crate::openapi::{gateway, problems};
use crate::problem::ProblemCode;

/// A body of JSON.
#[must_use]
pub fn json_of<T: ToSchema>(example: Value) -> Content {
    ContentBuilder::new().schema(Some(reference::<T>())).example(Some(sorted(example))).build()
}

/// A body of JSON with several examples, each with its name. A documentation page offers the first by its name.
#[must_use]
pub fn json_of_any<T: ToSchema>(examples: impl IntoIterator<Item = (&'static str, &'static str, Value)>) -> Content {
    let examples = examples.into_iter().map(|(name, summary, value)| {
        (name, ExampleBuilder::new().summary(summary).value(Some(sorted(value))).build())
    });
    ContentBuilder::new().schema(Some(reference::<T>())).examples_from_iter(examples).build()
}

/// A JSON body of one of two types. The member `which` says which of the two, by the value beside each.
#[must_use]
pub fn json_of_either<A: ToSchema, B: ToSchema>(which: &str, [a, b]: [&str; 2], example: Value) -> Content {
    let location = |name: Cow<'_, str>| Ref::from_schema_name(name).ref_location;
    let mapping = [(a, location(A::name())), (b, location(B::name()))];
    let either = OneOfBuilder::new().item(reference::<A>()).item(reference::<B>());
    let either: Schema = either.discriminator(Some(Discriminator::with_mapping(which, mapping))).into();
    ContentBuilder::new().schema(Some(RefOr::T(either))).example(Some(sorted(example))).build()
}

/// A successful answer.
pub fn success(description: &str, content: Content) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .header("X-Request-Id", request_id())
}

/// The `ETag` header: the version that an answer shows.
#[must_use]
pub fn etag() -> Header {
    header("The version, as an ETag for `If-Match`.", json!("\"7\""))
}

/// The `Location` header.
#[must_use]
pub fn location(example: &str) -> Header {
    header("The address of the resource.", json!(example))
}

/// A response that several operations share, with its name in the document.
pub struct Shared {
    /// The status, in digits.
    pub status: String,
    /// The name: status and codes.
    pub name: String,
    /// The response.
    pub response: Response,
}

/// The refusals of an operation, one per status, named after the codes that it may carry. Where the gateway answers
/// with the same status, the response has its form as well.
#[must_use]
pub fn problems(codes: &[ProblemCode]) -> Vec<Shared> {
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> =
        gateway::OF_ANY_REQUEST.map(|status| (status, Vec::new())).into_iter().collect();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
        if *code == ProblemCode::VersionConflict {
            by_status.entry(http::StatusCode::PRECONDITION_FAILED.as_u16()).or_default().push(*code);
        }
    }
    let shared = |(status, codes): (u16, Vec<ProblemCode>)| {
        let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let names = if names.is_empty() { "gateway".to_owned() } else { names.join(".") };
        Shared { status: status.to_string(), name: format!("{status}.{names}"), response: problem(status, &codes) }
    };
    by_status.into_iter().map(shared).collect()
}

fn problem(status: u16, codes: &[ProblemCode]) -> Response {
    let from_gateway = gateway::message(status);
    let named = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title()));
    let named: Vec<String> = named.chain(from_gateway.map(|_| gateway::told(status).to_owned())).collect();
    let mut response = ResponseBuilder::new().description(named.join(" ")).header("X-Request-Id", request_id());
    if let Some(code) = codes.first() {
        let example = Some(sorted(example_of(*code, status)));
        let schema = problems::one_of(codes);
        let schema = if from_gateway.is_some() { gateway::beside(schema) } else { schema };
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        response = response.content(PROBLEM_JSON, content);
    }
    if let Some(message) = from_gateway {
        response = response.content("application/json", gateway::content(message));
    }
    match status {
        429 => response.header("Retry-After", header("Seconds to wait before the next try.", json!("42"))).build(),
        503 => response.header("Retry-After", header("Seconds to wait before the next try.", json!("1"))).build(),
        415 => response
            .header("Accept", header("The supported media type, if the sent one is not.", json!(MEDIA_TYPE)))
            .header("Accept-Encoding", header("The supported coding, if the sent one is not.", json!(CODING)))
            .build(),
        403 => {
            let told = "Only from the gateway: the required scopes.";
            let example = "Bearer scope=\"alims/use\" error=\"insufficient_scope\"";
            response.header("WWW-Authenticate", header(told, json!(example))).build()
        }
        401 if codes.contains(&ProblemCode::InsufficientUserAuthentication) => {
            let told =
                "The required authentication scheme; of `insufficient-user-authentication` what a new token needs.";
            let example = "Bearer error=\"insufficient_user_authentication\", max_age=300";
            response.header("WWW-Authenticate", header(told, json!(example))).build()
        }
        401 => {
            response.header("WWW-Authenticate", header("The required authentication scheme.", json!("Bearer"))).build()
        }
        _ => response.build(),
    }
}

/// An example problem of each code, with its members.
fn example_of(code: ProblemCode, status: u16) -> Value {
    let mut example = json!({
        "type": code.type_urn(), "title": code.title(), "status": status, "code": code.as_str(),
        "detail": "What is wrong, and what to do.", "request_id": "JKJaXmPLvHcESHA="
    });
    let extra = match code {
        ProblemCode::MalformedRequest => json!({"errors": [
            {"pointer": "/target_state", "message": "is required"},
            {"message": "the query parameter dry_run must be true or false"}
        ]}),
        ProblemCode::InvalidTransition => {
            json!({"current_state": "PAUSED", "version": 7, "allowed_transitions": ["ACTIVE", "CANCELLED"]})
        }
        ProblemCode::WorkflowClosed => json!({"current_state": "COMPLETED", "version": 5}),
        ProblemCode::AlreadySigned | ProblemCode::TooManySignatures => json!({"current_state": "ACTIVE", "version": 4}),
        ProblemCode::VersionConflict => json!({"current_state": "PAUSED", "version": 8}),
        ProblemCode::ReplacedWorkflowNotClosed => json!({"current_state": "PAUSED"}),
        ProblemCode::PayloadTooLarge => json!({"limit_bytes": 65536}),
        ProblemCode::UnsupportedMediaType => {
            json!({"errors": [{"message": "the header content-type says text/plain; send application/json"}]})
        }
        ProblemCode::WorkflowQuarantined => json!({"broken_at_version": 3}),
        ProblemCode::RuleViolation => json!({
            "reasons": [{"rule_id": "four-eyes", "message": "The creator of a workflow may not complete it."}],
            "ruleset": "laboratory", "ruleset_version": "1"
        }),
        ProblemCode::Unauthenticated
        | ProblemCode::InsufficientUserAuthentication
        | ProblemCode::Forbidden
        | ProblemCode::WorkflowNotFound
        | ProblemCode::ExportNotFound
        | ProblemCode::NothingToExport
        | ProblemCode::WorkflowAlreadyExists
        | ProblemCode::ReplacedWorkflowNotFound
        | ProblemCode::WorkflowNotQuarantined
        | ProblemCode::IdempotencyKeyReused
        | ProblemCode::TooManyRefusals
        | ProblemCode::RulesEngineUnavailable
        | ProblemCode::StorageUnavailable
        | ProblemCode::WrittenByNewerRelease
        | ProblemCode::OutOfTime
        | ProblemCode::NotReached
        | ProblemCode::Internal => json!({}),
    };
    if let (Some(example), Value::Object(extra)) = (example.as_object_mut(), extra) {
        example.extend(extra);
    }
    example
}

/// The same value with its members in order. Whether a map keeps its insertion order depends on the features of other
/// crates in the build, and the document must not depend on that.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn request_id() -> Header {
    let told =
        "The id of the request, also in the service's logs. The gateway's own answers have only `Apigw-Requestid`.";
    header(told, json!("JKJaXmPLvHcESHA="))
}

fn header(told: &str, example: Value) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some(told)).example(Some(example)).build()
}

/// The problems of reading the newest version of one workflow.
pub const OF_A_READ: &[ProblemCode] = &[ProblemCode::WorkflowNotFound, ProblemCode::WorkflowQuarantined];

/// The problems of every request.
pub const OF_ANY_REQUEST: [ProblemCode; 7] = [
    ProblemCode::MalformedRequest,
    ProblemCode::Unauthenticated,
    ProblemCode::Forbidden,
    ProblemCode::StorageUnavailable,
    ProblemCode::WrittenByNewerRelease,
    ProblemCode::OutOfTime,
    ProblemCode::Internal,
];

/// The body of a request.
#[must_use]
pub fn body(content: Content, required: Required) -> RequestBody {
    RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build()
}
