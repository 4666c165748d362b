//! `cargo xtask clients`: lints the contract, generates clients and types from it, and compiles and runs a use of them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::node::Packages;
use crate::tools::{Tools, checked};
use crate::workspace::Workspace;

/// A use of the generated types in TypeScript, which must compile.
const USAGE_TS: &str = include_str!("usage.ts");
const TSCONFIG: &str = include_str!("tsconfig.json");
/// A use of what is generated in Python, which must run.
const USAGE_PY: &str = include_str!("usage.py");
const REDOCLY: &str = include_str!("redocly.yaml");
const PYTHON_CLIENT: &str = include_str!("python-client.yaml");

/// Does all of it.
///
/// # Errors
/// The findings, or that a tool is not available.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let packages = Packages::install(workspace)?;
    let tools = Tools::install_contract(workspace)?;
    let folder = workspace.target.join("clients");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    typescript(workspace, &packages, &folder)?;
    python(workspace, &tools, &folder)
}

fn typescript(workspace: &Workspace, packages: &Packages, folder: &Path) -> anyhow::Result<()> {
    let (contract, log) = (workspace.root.join("openapi.yaml"), folder.join("typescript.log"));
    let config = folder.join("redocly.yaml");
    fs::write(&config, REDOCLY)?;
    let mut lint = packages.command("redocly");
    lint.arg("lint").arg("--config").arg(&config).arg(&contract);
    checked(&mut lint, &log).context("redocly lint openapi.yaml")?;

    let types = folder.join("typescript");
    fs::create_dir_all(&types)?;
    fs::write(types.join("usage.ts"), USAGE_TS)?;
    fs::write(types.join("tsconfig.json"), TSCONFIG)?;
    let mut generate = packages.command("openapi-typescript");
    generate.arg(&contract).arg("--output").arg(types.join("api.ts"));
    checked(&mut generate, &log).context("openapi-typescript openapi.yaml")?;
    let mut compile = packages.command("tsc");
    compile.arg("--project").arg(&types);
    checked(&mut compile, &log).context("tsc --strict on xtask/src/contract/usage.ts")
}

fn python(workspace: &Workspace, tools: &Tools, folder: &Path) -> anyhow::Result<()> {
    let (contract, log) = (workspace.root.join("openapi.yaml"), folder.join("python.log"));
    let python = folder.join("python");
    fs::create_dir_all(&python)?;
    let (config, usage) = (python.join("config.yaml"), python.join("usage.py"));
    fs::write(&config, PYTHON_CLIENT)?;
    fs::write(&usage, USAGE_PY)?;

    let mut client = tools.contract("openapi-python-client");
    client.args(["generate", "--meta", "none", "--fail-on-warning", "--config"]).arg(&config);
    client.arg("--path").arg(&contract).arg("--output-path").arg(python.join("api_client"));
    checked(&mut client, &log).context("openapi-python-client openapi.yaml")?;

    let mut events = tools.contract("datamodel-codegen");
    events.args(["--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel"]);
    events.args(["--formatters", "builtin", "--disable-timestamp", "--input"]).arg(workspace.root.join("schemas"));
    events.arg("--output").arg(python.join("events"));
    checked(&mut events, &log).context("datamodel-codegen schemas/")?;

    let mut run = tools.contract("python");
    run.arg(&usage).arg(&contract).arg(&python);
    checked(&mut run, &log).context("xtask/src/contract/usage.py")
}
