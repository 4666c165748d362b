//! The lines of a new operation in the files that are there.

use anyhow::bail;

use crate::new_operation::anchor::{after, at_end_of, one_more, replaced, sorted};
use crate::new_operation::operation::{Kind, Operation};

/// The text of a file with the operation in it.
///
/// # Errors
/// When the place is not found, or the list of places names a file that is not known here.
pub(crate) fn added(path: &str, text: &str, operation: &Operation) -> anyhow::Result<String> {
    let Operation { name, snake, pascal, camel, .. } = operation;
    match path {
        "shared/operations/src/lib.rs" => sorted(text, "", "pub mod ", &format!("pub mod {snake};")),
        "shared/operations/tests/operations/main.rs" | "tests/tests/integration/main.rs" => {
            sorted(text, "", "mod ", &format!("mod {snake};"))
        }
        "Cargo.toml" => {
            let own = "# This workspace's own crates.";
            sorted(text, own, "", &format!("{name} = {{ path = \"functions/{name}\" }}"))
        }
        "shared/interface/Cargo.toml" => {
            let dependency = format!("{name} = {{ workspace = true, features = [\"openapi\"] }}");
            sorted(text, "[dependencies]", "", &dependency)
        }
        "shared/interface/src/lib.rs" => at_end_of(text, "operations! {", "}", &format!("    {snake},")),
        "shared/interface/tests/interface/readers.rs" => {
            let arm = format!("        \"{name}\" => {snake}::request::read(request).map(drop),");
            after(text, "match operation.name {", &arm)
        }
        "local/src/edge/functions.rs" => after(text, "let handlers = HashMap::from([", &handler(operation)),
        "tests/tests/lambda/main.rs" => at_end_of(text, "fn after_the_recovery()", "    ]", &call(operation)),
        // Its author may have made the action already, and decided who may.
        "shared/domain/src/access.rs" if text.contains(&format!("Self::{pascal} => \"{camel}\",")) => {
            Ok(text.to_owned())
        }
        "policies/schema.cedarschema" if text.lines().any(|line| line.trim() == format!("{camel},")) => {
            Ok(text.to_owned())
        }
        "policies/roles.cedar" if text.contains(&format!("ALIMS::Action::\"{camel}\"")) => Ok(text.to_owned()),
        "shared/policy/tests/policies/roles.rs" if text.contains(&format!("(Action::{pascal},")) => Ok(text.to_owned()),
        "shared/domain/src/access.rs" => action(text, operation),
        "policies/schema.cedarschema" => {
            let among = if operation.writes() { "// Putting right." } else { "// Reading." };
            after(text, among, &format!("    {camel},"))
        }
        "policies/roles.cedar" => permission(text, operation),
        "shared/policy/tests/policies/roles.rs" => {
            let text = one_more(text, "const TABLE: [(Action, &str, [bool; 4]); ")?;
            at_end_of(
                &text,
                "const TABLE",
                "];",
                &format!("    (Action::{pascal}, SUPERVISE, [false, false, true, false]),"),
            )
        }
        _ => document(path, text, operation),
    }
}

/// The rows of the documents.
fn document(path: &str, text: &str, operation: &Operation) -> anyhow::Result<String> {
    let Operation { name, snake, pascal, title, method, path: route, .. } = operation;
    match path {
        "docs/traceability.md" => {
            let code = format!("shared/operations/src/{snake}.rs");
            let test = format!("{snake}_is_refused_without_permission");
            let row = format!("| {name} is answered only to those who may ask | `{code}` | `{test}` |");
            at_end_of(text, "| requirement | implemented in |", "", &row)
        }
        "README.md" => {
            let row = format!("| {name} | `{method} {route}` | 200 |");
            at_end_of(text, "| operation | route |", "", &row)
        }
        "spec/README.md" => {
            let row = format!(
                "| `{pascal}` | `shared/operations/src/{snake}.rs` | `Query` of the newest version | `{method} {route}` |"
            );
            after(text, "| `ListWorkflows` |", &row)
        }
        "spec/WorkflowManager.tla" => after(
            text,
            "VerifyWorkflowHistory == UNCHANGED vars",
            &format!("{pascal} == UNCHANGED vars  \\* It writes nothing yet."),
        ),
        _ => bail!("{title}: the list of places names {path}, which the generator does not know"),
    }
}

/// The variant, its place in `ALL` and its name; and that it names no workflow, when it does not.
fn action(text: &str, operation: &Operation) -> anyhow::Result<String> {
    let Operation { pascal, camel, title, .. } = operation;
    let text = at_end_of(text, "pub enum Action {", "}", &format!("    /// {title}.\n    {pascal},"))?;
    let text = one_more(&text, "pub const ALL: [Self; ")?;
    let text = at_end_of(&text, "pub const ALL: [Self; ", "    ];", &format!("        Self::{pascal},"))?;
    let arm = format!("            Self::{pascal} => \"{camel}\",");
    let text = at_end_of(&text, "pub const fn as_str(self)", "        }", &arm)?;
    if operation.kind == Kind::Tenant {
        // The end of the pattern is another operation's as soon as there is one more of this kind.
        let place = "                | Self::ListWorkflows\n";
        return replaced(&text, place, &format!("{place}                | Self::{pascal}\n"));
    }
    Ok(text)
}

/// The supervisor may. What only reads is for every role, by its group in the schema.
fn permission(text: &str, operation: &Operation) -> anyhow::Result<String> {
    anyhow::ensure!(text.contains("@id(\"roles.supervise\")"), "no policy roles.supervise");
    let new = format!("     ALIMS::Action::\"{}\",", operation.camel);
    after(text, "[ALIMS::Action::\"completeWorkflow\",", &new)
}

/// The handler with its ports, before those that take the ports away.
fn handler(operation: &Operation) -> String {
    let Operation { snake, kind, .. } = operation;
    let ports = match kind {
        Kind::Reading => "log.clone()".to_owned(),
        Kind::Tenant => "index.clone()".to_owned(),
        Kind::Writing => format!(
            "alims_operations::{snake}::Ports {{ log: publishes.log.clone(), policy: decides.policy.clone(), \
             clock: decides.clock.clone(), ids: decides.ids.clone() }}"
        ),
    };
    format!("            handler!({ports}, {snake}),")
}

/// One call of the binary, and what its answer holds.
fn call(operation: &Operation) -> String {
    let asked = format!("        Asked::of(&alims_interface::{}::ROUTE)", operation.snake);
    format!("{asked}.with(json!({{\"reason\": \"as planned\"}})).holding(\"/workflow_id\", \"wf-1\"),")
}
