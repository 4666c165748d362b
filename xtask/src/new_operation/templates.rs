//! The new files of an operation, from the templates beside this module.

use anyhow::bail;

use crate::new_operation::operation::{Kind, Operation};

/// Chooses a template by the kind of operation.
macro_rules! of_kind {
    ($kind:expr, $file:literal) => {
        match $kind {
            Kind::Reading => include_str!(concat!("templates/reading/", $file)),
            Kind::Tenant => include_str!(concat!("templates/tenant/", $file)),
            Kind::Writing => include_str!(concat!("templates/writing/", $file)),
        }
    };
    ($kind:expr, $file:literal, not reading) => {
        match $kind {
            Kind::Tenant => include_str!(concat!("templates/tenant/", $file)),
            Kind::Reading | Kind::Writing => include_str!(concat!("templates/writing/", $file)),
        }
    };
}

/// The text of a new file of the list of places.
///
/// # Errors
/// When there is no template for it.
pub(crate) fn file(file: &str, operation: &Operation) -> anyhow::Result<String> {
    let kind = operation.kind;
    let template = match file {
        "shared/operations/src/{snake}.rs" => of_kind!(kind, "operation.txt"),
        "shared/operations/tests/operations/{snake}.rs" => of_kind!(kind, "operation_tests.txt"),
        "functions/{name}/Cargo.toml" => include_str!("templates/cargo.txt"),
        "functions/{name}/deployment.toml" => of_kind!(kind, "deployment.txt"),
        "functions/{name}/src/main.rs" => of_kind!(kind, "main.txt"),
        "functions/{name}/src/lib.rs" => of_kind!(kind, "lib.txt"),
        "functions/{name}/src/route.rs" => include_str!("templates/route.txt"),
        "functions/{name}/src/request.rs" => of_kind!(kind, "request.txt", not reading),
        "functions/{name}/src/response.rs" => of_kind!(kind, "response.txt"),
        "functions/{name}/src/problems.rs" => of_kind!(kind, "problems.txt", not reading),
        "functions/{name}/src/openapi.rs" => of_kind!(kind, "openapi.txt"),
        "events/{name}.json" => include_str!("templates/event.txt"),
        "tests/tests/integration/{snake}.rs" => of_kind!(kind, "integration.txt"),
        _ => bail!("{file}: there is no template for it"),
    };
    Ok(filled(template, operation))
}

fn filled(template: &str, operation: &Operation) -> String {
    let Operation { name, snake, pascal, camel, title, method, path, kind } = operation;
    let of_workflow = ",\n  \"pathParameters\": {\n    \"workflow_id\": \"sample-1\"\n  }";
    let sample = match kind {
        Kind::Reading => of_workflow.to_owned(),
        Kind::Tenant => String::new(),
        Kind::Writing => format!("{of_workflow},\n  \"body\": \"{{\\\"reason\\\": \\\"as planned\\\"}}\""),
    };
    let fields: [(&str, &str); 10] = [
        ("name", name),
        ("snake", snake),
        ("pascal", pascal),
        ("camel", camel),
        ("title", title),
        ("method", method),
        ("path", path),
        ("sample_path", &operation.path_of("sample-1")),
        ("w_path", &operation.path_of("w")),
        ("sample_rest", &sample),
    ];
    fields.iter().fold(template.to_owned(), |text, (field, value)| text.replace(&format!("{{{{{field}}}}}"), value))
}
