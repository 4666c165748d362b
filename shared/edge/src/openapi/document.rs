//! Builds the OpenAPI document from the descriptions of the operations.

use std::collections::BTreeMap;
use utoipa::openapi::info::{Info, License};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Paths};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::{Server, ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::{ComponentsBuilder, OpenApi, Ref, ResponsesBuilder};

use crate::openapi::described::Described;
use crate::openapi::responses::{self, Shared, problems as problems_of};
use crate::openapi::schemas::Schemas;
use crate::openapi::tag::Tag;
use crate::problem::ProblemCode;

/// What a token must say.
const TOKEN: &str = "The service reads the caller from the verified token: the subject, the tenant, and the roles. The \
    claim `sub` names the subject; the deployment names the claims of the others, `tenant_id` and `roles` by default. A \
    token without a tenant is refused unless the deployment has a default tenant.";
/// The name of the only security scheme.
const BEARER: &str = "bearer";

/// The document of these operations.
#[must_use]
pub fn document(operations: &[Described], description: &str) -> OpenApi {
    let mut info = Info::new("ALIMS Workflow Manager", env!("CARGO_PKG_VERSION"));
    info.description = Some(description.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    let mut paths = Paths::new();
    let mut shared = BTreeMap::new();
    let mut schemas = Schemas::default();
    for operation in operations {
        let Described { route, problems, .. } = operation;
        (operation.schemas)(&mut schemas);
        let mut responses = ResponsesBuilder::new().responses_from_iter(operation.successes.clone());
        let codes: Vec<ProblemCode> = problems.iter().copied().chain(responses::OF_ANY_REQUEST).collect();
        for Shared { status, name, response } in problems_of(&codes) {
            responses = responses.response(status, Ref::from_response_name(&name));
            shared.insert(name, response);
        }
        let method = method(&route.method);
        let documented = OperationBuilder::new()
            .operation_id(Some(route.operation_id))
            .tag(operation.tag.name())
            .summary(Some(operation.summary))
            .description(Some(operation.description))
            .parameters(Some(operation.parameters.clone()))
            .request_body(operation.body.clone())
            .responses(responses.build());
        paths.add_path_operation(route.path, vec![method], documented.build());
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some(TOKEN));
    schemas.add_problems();
    let bodies: Vec<_> = operations.iter().filter_map(|operation| operation.body.as_ref()).collect();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas.finish(&bodies))
        .responses_from_iter(shared)
        .security_scheme(BEARER, SecurityScheme::Http(bearer.build()))
        .build();
    let mut document = OpenApi::new(info, paths);
    document.components = Some(components);
    document.servers = Some(servers());
    document.tags = Some(Tag::ALL.map(Tag::described).into());
    document.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    document
}

/// A method in the words of the document. A test finds one that is missing here: its operation would be a GET.
fn method(method: &http::Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// Where the service is: on a laptop, and on AWS at an address that the deployment prints.
fn servers() -> Vec<Server> {
    let variable = |told: &str, default: &str| {
        ServerVariableBuilder::new().default_value(default).description(Some(told.to_owned())).build()
    };
    let laptop = ServerBuilder::new().url("http://127.0.0.1:3000").description(Some("A laptop: `cargo local`."));
    let deployed = ServerBuilder::new()
        .url("https://{api}.execute-api.{region}.amazonaws.com")
        .description(Some("AWS: the output `ApiUrl` of the deployment."))
        .parameter("api", variable("The id of the API.", "api-id"))
        .parameter("region", variable("The region.", "eu-central-1"));
    vec![laptop.build(), deployed.build()]
}
