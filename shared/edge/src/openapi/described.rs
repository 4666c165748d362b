//! One operation in the OpenAPI document.

use utoipa::openapi::path::Parameter;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::response::Response;

use crate::openapi::schemas::Schemas;
use crate::openapi::tag::Tag;
use crate::problem::ProblemCode;
use crate::route::Route;

/// The OpenAPI description of one operation.
pub struct Described {
    /// Its route.
    pub route: &'static Route,
    /// What it is for.
    pub tag: Tag,
    /// One line of text.
    pub summary: &'static str,
    /// A paragraph of text.
    pub description: &'static str,
    /// The parameters in path, query and headers.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<RequestBody>,
    /// Its successful answers, by status.
    pub successes: Vec<(&'static str, Response)>,
    /// The problems it may answer with, in addition to those of every request.
    pub problems: &'static [ProblemCode],
    /// Adds the schemas of its bodies.
    pub schemas: fn(&mut Schemas),
}
