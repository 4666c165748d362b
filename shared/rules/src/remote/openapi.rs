//! The OpenAPI document of the contract, derived from the wire types, for implementers of an engine.

use alims_domain::schema::never_null_but_absent;
use std::error::Error;
use utoipa::openapi::info::{Info, License};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder,
    Schema,
};
use utoipa::{PartialSchema, ToSchema};

use super::contract::{PATH, TransitionAnswer, TransitionQuestion};

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut info = Info::new("ALIMS PredicateLogic Engine, as the Workflow Manager asks it", "1");
    info.description = Some(DESCRIPTION.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let question =
        RequestBodyBuilder::new().content(JSON, json_of::<TransitionQuestion>()).required(Some(Required::True));
    let verdict = ResponseBuilder::new().description("The verdict.").content(JSON, json_of::<TransitionAnswer>());
    let responses = ResponsesBuilder::new().response("200", verdict.build()).response("default", no_verdict());
    let operation = OperationBuilder::new()
        .operation_id(Some("validateTransition"))
        .summary(Some("Judges whether a workflow may be created, moved, amended or signed now"))
        .description(Some(OPERATION))
        .request_body(Some(question.build()))
        .responses(responses.build());
    let mut paths = Paths::new();
    paths.add_path_operation(PATH, vec![HttpMethod::Post], operation.build());
    let components = ComponentsBuilder::new().schemas_from_iter(schemas());
    let mut document = OpenApi::new(info, paths);
    document.components = Some(components.build());
    document
}

/// The document as the repository keeps it.
///
/// # Errors
/// When it has no YAML, which is a bug.
pub fn yaml() -> Result<String, impl Error + Send + Sync + 'static> {
    const NOTE: &str = "# Generated from the types of alims-rules by `cargo xtask openapi`. Do not edit.\n";
    document().to_yaml().map(|text| format!("{NOTE}{text}"))
}

const JSON: &str = "application/json";

/// Those of the question and the answer, with those they refer to.
fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    TransitionQuestion::schemas(&mut schemas);
    TransitionAnswer::schemas(&mut schemas);
    schemas.push((TransitionQuestion::name().into_owned(), TransitionQuestion::schema()));
    schemas.push((TransitionAnswer::name().into_owned(), TransitionAnswer::schema()));
    for (_, schema) in &mut schemas {
        never_null_but_absent(schema);
    }
    schemas
}

fn json_of<T: ToSchema>() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build()
}

fn no_verdict() -> Response {
    let said = "No verdict. The service makes and refuses nothing, and asks the caller to repeat the request later.";
    ResponseBuilder::new().description(said).build()
}

const DESCRIPTION: &str = "\
The Workflow Manager asks this of a rules engine before it creates a workflow, before each move, and before each \
amendment or electronic signature, which keep its state. The engine decides from the question alone and changes \
nothing: the same question may be asked twice.

Only an answer of status 200 that is exactly what is described here is a verdict. Anything else is none, and then \
nothing happens to the workflow.";

const OPERATION: &str = "\
An answer has to come within the deadline that the service is set up with, 300 milliseconds when nothing is said, with \
at most 65536 bytes, as application/json, in no content encoding, and without redirection. After a failed connection or \
an answer of 500 and above, the question is asked once more.";
