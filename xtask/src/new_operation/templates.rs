//! The new files of an operation, from the templates beside this module.

use anyhow::bail;

use crate::new_operation::operation::{Kind, Operation};

/// The function, its role, its log group and its alarm, for `template.yaml`.
const FUNCTION: &str = include_str!("templates/function.txt");

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

/// The block of `template.yaml`.
pub(crate) fn function(operation: &Operation) -> String {
    filled(FUNCTION, operation)
}

fn filled(template: &str, operation: &Operation) -> String {
    let Operation { name, snake, pascal, camel, title, method, path, kind } = operation;
    let of_workflow = ",\n  \"pathParameters\": {\n    \"workflow_id\": \"sample-1\"\n  }";
    let (variables, statements, sample) = match kind {
        Kind::Reading => (LOG_TABLE, READ_LOG, of_workflow.to_owned()),
        Kind::Tenant => (INDEX_TABLE, READ_INDEX, String::new()),
        Kind::Writing => {
            let body = ",\n  \"body\": \"{\\\"reason\\\": \\\"as planned\\\"}\"";
            (LOG_TABLE, WRITE_LOG, format!("{of_workflow}{body}"))
        }
    };
    let fields: [(&str, &str); 12] = [
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
        ("variables", variables),
        ("statements", statements),
    ];
    fields.iter().fold(template.to_owned(), |text, (field, value)| text.replace(&format!("{{{{{field}}}}}"), value))
}

const LOG_TABLE: &str = "          ALIMS_LOG_TABLE: !Ref LogTable";
const INDEX_TABLE: &str = "          ALIMS_INDEX_TABLE: !Ref IndexTable";
const READ_LOG: &str = "              - Sid: Read
                Effect: Allow
                Action: dynamodb:Query
                Resource: !GetAtt LogTable.Arn";
const READ_INDEX: &str = "              - Sid: List
                Effect: Allow
                Action: dynamodb:Query
                Resource: !Sub ${IndexTable.Arn}/index/by-state
              - Sid: Warm
                Effect: Allow
                Action: dynamodb:BatchGetItem
                Resource: !GetAtt IndexTable.Arn";
const WRITE_LOG: &str = "              - Sid: ReadAndAppend
                Effect: Allow
                Action: [dynamodb:PutItem, dynamodb:Query]
                Resource: !GetAtt LogTable.Arn";
