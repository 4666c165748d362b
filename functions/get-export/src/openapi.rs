//! The OpenAPI description of get-export.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use alims_edge::wire::{Export, export_example};

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let export = responses::json_of::<Export>(export_example());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "Read an export",
        description: "Returns whether the export runs, is complete or failed. Its id is in the answer of `POST /exports`. A complete one has a `download_url` that works \
                      for five minutes without a token.",
        parameters: vec![parameters::export_id(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The export.", export).build())],
        problems: &[ProblemCode::ExportNotFound],
        schemas: |schemas| {
            schemas.add::<Export>();
        },
    }
}
