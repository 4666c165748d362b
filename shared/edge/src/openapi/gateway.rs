//! The answers of API Gateway itself: it gives them before or instead of a function, and cannot be told another form.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Ref, Schema, Type};

/// The name of the schema.
const NAME: &str = "GatewayError";
/// The statuses with which the gateway may answer any request; with 404 and 413 it answers some.
pub const OF_ANY_REQUEST: [u16; 6] = [400, 401, 403, 429, 500, 503];

/// What the gateway says with a status; none where only functions answer with it.
#[must_use]
pub const fn message(status: u16) -> Option<&'static str> {
    Some(match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => return None,
    })
}

/// The reason of the gateway to answer so, for people.
pub(crate) const fn told(status: u16) -> &'static str {
    match status {
        400 => "The gateway: this is no complete HTTP request.",
        401 => "The gateway: the token is missing, wrong or expired; `WWW-Authenticate` says which.",
        403 => "The gateway: the token has no scope that this deployment requires; `WWW-Authenticate` names them.",
        404 => "The gateway: no operation has this path and method.",
        413 => "The gateway: the body exceeds what a function accepts.",
        429 => "The gateway: too many requests at once.",
        500 => "The gateway: the function failed.",
        _ => "The gateway: the function did not answer in time, or too many are running.",
    }
}

/// The schema, with its name.
pub(crate) fn schema() -> (String, RefOr<Schema>) {
    let message = ObjectBuilder::new().schema_type(Type::String).description(Some("What is wrong, for people."));
    let told = "An answer of the gateway itself. It has no `code`: use the status.";
    let object = ObjectBuilder::new().description(Some(told)).property("message", message).required("message");
    (NAME.to_owned(), RefOr::T(object.into()))
}

/// A schema of problems, and that of the gateway beside it. The media types tell the two apart, but what is generated
/// from the document often knows one schema a status, and must not fail at the other form.
pub(crate) fn beside(problems: RefOr<Schema>) -> RefOr<Schema> {
    RefOr::T(AnyOfBuilder::new().item(problems).item(Ref::from_schema_name(NAME)).into())
}

/// The content of such an answer.
pub(crate) fn content(message: &str) -> Content {
    let example: Value = json!({ "message": message });
    ContentBuilder::new().schema(Some(Ref::from_schema_name(NAME))).example(Some(example)).build()
}
