//! The route of an operation: its names, its method and its path.

use http::Method;

/// One route of the HTTP API.
#[derive(Debug)]
pub struct Route {
    /// The operation's name everywhere: folder, package, binary and log field.
    pub name: &'static str,
    /// The same name as OpenAPI writes it.
    pub operation_id: &'static str,
    /// The method.
    pub method: Method,
    /// The path; a part in braces is a parameter.
    pub path: &'static str,
}
