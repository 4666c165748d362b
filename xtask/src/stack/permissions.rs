//! The table of what each function may do.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;

use super::function::Function;
use super::grants::{Grant, grants};
use crate::workspace::Workspace;

/// The page with the table.
pub(crate) const PAGE: &str = "docs/permissions.md";
/// What stands before the table stays as it is.
const TABLE: &str = "| function | may | on |\n|---|---|---|\n";

/// The page, its table made anew.
///
/// # Errors
/// When it is missing, or has no such table.
pub(crate) fn page(workspace: &Workspace, functions: &[Function]) -> anyhow::Result<String> {
    let text = fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("{PAGE} is missing"))?;
    let (before, _) = text.split_once(TABLE).with_context(|| format!("{PAGE} has no table"))?;
    let mut page = format!("{before}{TABLE}");
    for function in functions {
        for (number, grant) in grants(function).iter().enumerate() {
            let name = if number == 0 { format!("`{}`", function.name) } else { String::new() };
            let actions: Vec<String> = grant.actions.iter().map(|action| format!("`{action}`")).collect();
            writeln!(page, "| {name} | {} | {} |", actions.join(", "), on(grant))?;
        }
    }
    Ok(page)
}

/// The resources in the words of the template.
fn on(grant: &Grant) -> String {
    let resources: Vec<String> = grant.resources.iter().map(|resource| format!("`{}`", named(resource))).collect();
    let via = grant.via.map(|service| format!(", through {service} only")).unwrap_or_default();
    let when = grant.when.map(|condition| format!(", when `{condition}`")).unwrap_or_default();
    let keys = grant.keys.map(|prefix| format!(", items whose key begins with `{prefix}`")).unwrap_or_default();
    resources.join(", ") + &keys + &via + &when
}

fn named(resource: &str) -> String {
    let after = |prefix| resource.strip_prefix(prefix).map(|rest: &str| rest.trim_end_matches(".Arn"));
    let name = after("!GetAtt ").or_else(|| after("!Ref ")).or_else(|| after("!Sub ")).unwrap_or(resource);
    let name = if name.contains(":execution:") { "RecoveryMachine, its executions" } else { name };
    name.replace("${IndexTable.Arn}", "IndexTable").replace('"', "")
}
