//! `cargo xtask template`: checks the template and the state machine's definition with tools that know the rules of
//! AWS.

use std::fs;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::tools::{Tools, checked};
use crate::workspace::Workspace;

/// The state machine's definition, from the workspace's root on.
pub(crate) const DEFINITION: &str = "recovery/recover-workflow.asl.json";

/// Runs SAM CLI and cfn-lint on the template, and cfn-lint on the definition that the template names.
///
/// # Errors
/// Their findings, or that they are not available.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let tools = Tools::install(workspace)?;
    let folder = workspace.target.join("template");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    let log = folder.join("findings.log");
    // cfn-lint looks into a definition only where the template has it in itself.
    let definition = folder.join("definition.json");
    fs::write(&definition, serde_json::to_string_pretty(&around_definition(workspace)?)?)?;

    let mut validate = tools.deployment("sam");
    validate.current_dir(&workspace.root).args(["validate", "--lint", "--region", "eu-central-1"]);
    checked(&mut validate, &log).context("sam validate --lint")?;
    for template in [workspace.root.join("template.yaml"), definition] {
        let mut lint = tools.deployment("cfn-lint");
        lint.arg(&template);
        checked(&mut lint, &log).with_context(|| format!("cfn-lint {}", template.display()))?;
    }
    Ok(())
}

/// The least template that has the definition in itself, with what SAM CLI would put in for its variables.
fn around_definition(workspace: &Workspace) -> anyhow::Result<Value> {
    let text =
        fs::read_to_string(workspace.root.join(DEFINITION)).with_context(|| format!("{DEFINITION} is missing"))?;
    let text = text.replace("${Partition}", "aws");
    let text = text.replace("${RecoveryStepFunctionArn}", "arn:aws:lambda:eu-central-1:123456789012:function:step");
    let definition: Value = serde_json::from_str(&text).with_context(|| format!("{DEFINITION} is no JSON"))?;
    Ok(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "RecoveryMachine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"Definition": definition, "RoleArn": "arn:aws:iam::123456789012:role/recovery"},
            },
        },
    }))
}
