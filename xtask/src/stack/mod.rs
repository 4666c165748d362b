//! `cargo xtask stack`: writes `template.yaml` from `deployment/shared.yaml`, `deployment/alarms.toml` and each function's
//! `deployment.toml`, and from the same the tables of permissions and of timeouts. The dashboard and the page of the
//! metrics are made from their list. A test fails while one of them differs.

mod alarms;
mod console;
mod dashboard;
mod function;
mod grants;
mod log_in_use;
mod metrics;
mod parameters;
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
use metrics::Metric;
use parameters::Parameters;

/// What all functions share, and where the generated parts go.
const SHARED: &str = "deployment/shared.yaml";
const WHERE_FUNCTIONS_GO: &str = "  #functions\n";
const WHERE_ALARMS_GO: &str = "  #alarms\n";
const WHERE_THE_DASHBOARD_GOES: &str = "  #dashboard\n";
const WHERE_THE_CONSOLE_S_API_GOES: &str = "          #console-api\n";
const WHERE_ALIASES_GO: &str = "                  #aliases\n";
const HEADER: &str = "# Written by `cargo xtask stack` from deployment/shared.yaml, deployment/alarms.toml and
# functions/*/deployment.toml. Change those.
#
";

/// The files, from the workspace's root on, each with its text.
///
/// # Errors
/// When a source is missing or not as it should be.
fn files(workspace: &Workspace) -> anyhow::Result<[(&'static str, String); 4]> {
    let (functions, metrics) = (Function::all(workspace)?, Metric::all(workspace)?);
    let shared = fs::read_to_string(workspace.root.join(SHARED)).with_context(|| format!("{SHARED} is missing"))?;
    let parameters = Parameters::of(&shared)?;
    let parts = functions.iter().map(|function| render::resources(function, &parameters));
    let parts = parts.collect::<anyhow::Result<Vec<_>>>()?;
    let alarms = alarms::resources(workspace, &functions, parameters.timeout_seconds)?;
    let mut template = HEADER.to_owned() + &shared;
    let seen = [dashboard::resource(&metrics, &functions, &shared)?, dashboard::queries(&functions)];
    let generated = [
        (WHERE_FUNCTIONS_GO, parts.join("\n")),
        (WHERE_ALIASES_GO, render::alias_mover(&functions)),
        (WHERE_ALARMS_GO, alarms),
        (WHERE_THE_CONSOLE_S_API_GOES, console::behaviours(&functions)?),
        (WHERE_THE_DASHBOARD_GOES, seen.join("\n")),
    ];
    for (place, part) in generated {
        anyhow::ensure!(template.matches(place).count() == 1, "{SHARED} needs one line `{}`", place.trim());
        template = template.replace(place, &part);
    }
    let template = log_in_use::chosen(&template)?;
    Ok([
        ("template.yaml", template),
        (permissions::PAGE, permissions::page(workspace, &functions)?),
        (timeouts::PAGE, timeouts::page(workspace, &functions)?),
        (metrics::PAGE, metrics::page(&metrics)?),
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
