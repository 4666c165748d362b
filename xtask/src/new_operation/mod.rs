//! `cargo xtask new-operation`: makes every place of a new operation, and leaves to its author what it does.

mod anchor;
mod lines;
mod operation;
mod places;
mod plan;
mod templates;

use std::path::Path;

use crate::new_operation::operation::{Kind, Operation};
use crate::new_operation::places::places;
use crate::new_operation::plan::{Plan, plan};
use crate::step::{Step, say};
use crate::workspace::Workspace;

pub(crate) use crate::new_operation::operation::Asked;

/// Plans every change, then writes them, lays the code out, and renews what is generated.
///
/// # Errors
/// When the name or the route will not do, a place cannot be found (nothing is written then), or what was written does
/// not build.
pub(crate) fn make(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    let operation = Operation::new(asked)?;
    let planned = plan(&workspace.root, &operation, &places()?)?;
    write(&workspace.root, &planned)?;
    say(&planned.to_string());
    Step::cargo("layout", &["fmt", "--all"]).run(workspace)?;
    crate::access::write_document(workspace)?;
    crate::openapi::write(workspace)?;
    // Asks cargo again, which now knows the new function.
    crate::stack::write(&Workspace::read()?)?;
    say(&next(&operation));
    Ok(())
}

fn write(root: &Path, plan: &Plan) -> anyhow::Result<()> {
    for change in &plan.changes {
        let path = root.join(&change.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, &change.text)?;
    }
    Ok(())
}

fn next(operation: &Operation) -> String {
    let Operation { name, snake, .. } = operation;
    format!(
        "\nEverything compiles, and the tests that try every operation fail. Next:\n\
         1. Write what {name} does: shared/operations/src/{snake}.rs, and its failing test \
         `{snake}_does_what_it_is_for` in shared/operations/tests/operations/{snake}.rs.\n\
         2. Write what its answer holds: response.rs and openapi.rs in functions/{name}/src, then run `cargo xtask openapi`. \
         Decide who may ask: {who}, then run `cargo xtask access`.\n\
         3. Have it tried like every other: shared/interface/tests/interface/time.rs, shared/interface/tests/seen/lab.rs, \
         tests/tests/e2e/permitted.rs, events/answers.json{smoke}. If an analyst may ask, name it in \
         functions/get-caller/src/openapi.rs; if its path begins anew, in console/vite.config.ts.\n\
         4. Read over the rows made in README.md{specify}, then run `cargo xtask check`.",
        who = if operation.writes() {
            "policies/roles.cedar and its test"
        } else {
            "the group `read` in policies/schema.cedarschema lets every role"
        },
        smoke = if operation.kind == Kind::Tenant { ", admin/src/smoke/trial.rs" } else { "" },
        specify = if operation.writes() {
            ", spec/README.md and docs/traceability.md, specify the action in spec/WorkflowManager.tla"
        } else {
            ""
        },
    )
}

#[cfg(test)]
mod tests;
