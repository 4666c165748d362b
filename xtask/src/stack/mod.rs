//! `cargo xtask stack`: writes `template.yaml` from `deployment/shared.yaml` and each function's `deployment.toml`, and
//! from the same the tables of permissions and of timeouts. A test fails while one of them differs.

mod alarms;
mod function;
mod grants;
mod permissions;
mod render;
#[cfg(test)]
mod tests;
mod timeouts;

use std::fs;

use anyhow::Context as _;

use crate::step::say;
use crate::workspace::Workspace;
use function::Function;

/// What all functions share, and where the generated parts go.
const SHARED: &str = "deployment/shared.yaml";
const WHERE_FUNCTIONS_GO: &str = "  #functions\n";
const WHERE_ALARMS_GO: &str = "  #alarms\n";
const HEADER: &str =
    "# Written by `cargo xtask stack` from deployment/shared.yaml and functions/*/deployment.toml. Change those.\n#\n";

/// The files, from the workspace's root on, each with its text.
///
/// # Errors
/// When a source is missing or not as it should be.
fn files(workspace: &Workspace) -> anyhow::Result<[(&'static str, String); 3]> {
    let functions = Function::all(workspace)?;
    let shared = fs::read_to_string(workspace.root.join(SHARED)).with_context(|| format!("{SHARED} is missing"))?;
    let parts = functions.iter().map(render::resources).collect::<anyhow::Result<Vec<_>>>()?;
    let mut template = HEADER.to_owned() + &shared;
    for (place, part) in [(WHERE_FUNCTIONS_GO, parts.join("\n")), (WHERE_ALARMS_GO, alarms::resources(&functions)?)] {
        anyhow::ensure!(template.matches(place).count() == 1, "{SHARED} needs one line `{}`", place.trim());
        template = template.replace(place, &part);
    }
    Ok([
        ("template.yaml", template),
        (permissions::PAGE, permissions::page(workspace, &functions)?),
        (timeouts::PAGE, timeouts::page(workspace, &functions)?),
    ])
}

/// Writes them.
///
/// # Errors
/// When a source is missing or not as it should be, or a file cannot be written.
pub(crate) fn write(workspace: &Workspace) -> anyhow::Result<()> {
    for (path, text) in files(workspace)? {
        fs::write(workspace.root.join(path), text)?;
        say(&format!("wrote {path}"));
    }
    Ok(())
}
